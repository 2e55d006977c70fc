// The list itself: names, numbers of arguments, and the words of the docs.
#include <array>

#include "expr/op_row.h"

namespace gristmill {
namespace {

constexpr size_t many = max_expression_args;

constexpr std::array op_rows = {
    OpRow{Op::column, "column", 0, 0, "name, \"any name\"",
          "A column of the row. Names match exactly, or else without regard to case."},
    OpRow{Op::constant, "constant", 0, 0, "1, 1.5, 1e3, 'text', true, NULL, DATE '2013-01-01'",
          "Numbers with a decimal point, and whole numbers beyond BIGINT, are DOUBLE."},
    OpRow{Op::cast, "cast", 1, 1, "CAST(x AS type), x::type, TRY_CAST(x AS type)",
          "Between numbers, booleans and text, between dates and timestamps (UTC), and between "
          "these and text. Fractions "
          "round half to even (text: half away from zero). What cannot be cast is an error of the "
          "row; for TRY_CAST it is NULL."},
    OpRow{Op::add, "+", 2, 2, "number + number → number",
          "BIGINT beyond its range is an error of the row."},
    OpRow{Op::subtract, "-", 2, 2, "number - number → number",
          "BIGINT beyond its range is an error of the row."},
    OpRow{Op::negate, "-", 1, 1, "-number → number",
          "BIGINT beyond its range is an error of the row."},
    OpRow{Op::multiply, "*", 2, 2, "number * number → number",
          "BIGINT beyond its range is an error of the row."},
    OpRow{Op::divide, "/", 2, 2, "number / number → DOUBLE",
          "By zero: inf, -inf or nan, as IEEE 754 has it."},
    OpRow{Op::integer_divide, "//", 2, 2, "number // number → number",
          "BIGINT: cut towards zero. DOUBLE: not cut, the plain quotient. By zero: NULL."},
    OpRow{Op::modulo, "%", 2, 2, "number % number, mod(number, number) → number",
          "The remainder has the dividend's sign. By zero: NULL (BIGINT) or nan (DOUBLE)."},
    OpRow{Op::power, "**", 2, 2, "x ** y, x ^ y, pow(x, y), power(x, y) → DOUBLE", "x to the y."},
    OpRow{Op::abs, "abs", 1, 1, "abs(number), @number → number",
          "Absolute value; of the lowest BIGINT an error of the row."},
    OpRow{Op::round, "round", 1, 2, "round(number), round(number, digits) → number",
          "Half away from zero, to that many digits after the point (negative: before it)."},
    OpRow{Op::floor, "floor", 1, 1, "floor(number) → DOUBLE", "The next whole number below."},
    OpRow{Op::ceil, "ceil", 1, 1, "ceil(number), ceiling(number) → DOUBLE",
          "The next whole number above."},
    OpRow{Op::sqrt, "sqrt", 1, 1, "sqrt(number) → DOUBLE",
          "Square root; of a negative number an error of the row."},
    OpRow{Op::ln, "ln", 1, 1, "ln(number) → DOUBLE",
          "Natural logarithm; of zero or less an error of the row."},
    OpRow{Op::exp, "exp", 1, 1, "exp(number) → DOUBLE", "e to the x."},
    OpRow{Op::equal, "=", 2, 2, "a = b, a == b → BOOLEAN",
          "nan equals itself. NULL when one side is NULL."},
    OpRow{Op::not_equal, "<>", 2, 2, "a <> b, a != b → BOOLEAN", "The opposite of `=`."},
    OpRow{Op::less, "<", 2, 2, "a < b → BOOLEAN",
          "nan is greater than all else; text compares byte by byte; false is less than true."},
    OpRow{Op::less_equal, "<=", 2, 2, "a <= b → BOOLEAN", "Likewise."},
    OpRow{Op::greater, ">", 2, 2, "a > b → BOOLEAN", "Likewise."},
    OpRow{Op::greater_equal, ">=", 2, 2, "a >= b, a BETWEEN low AND high → BOOLEAN",
          "Likewise; BETWEEN is `a >= low AND a <= high`."},
    OpRow{
        Op::distinct, "is distinct from", 2, 2, "a IS DISTINCT FROM b → BOOLEAN",
        "As `<>`, but NULL is a value like others. `IS NOT TRUE` and `IS NOT FALSE` become this."},
    OpRow{Op::not_distinct, "is not distinct from", 2, 2, "a IS NOT DISTINCT FROM b → BOOLEAN",
          "As `=`, but NULL is a value like others. `IS TRUE` and `IS FALSE` become this."},
    OpRow{Op::is_null, "is null", 1, 1, "x IS NULL → BOOLEAN", "Whether the value is missing."},
    OpRow{Op::is_not_null, "is not null", 1, 1, "x IS NOT NULL → BOOLEAN",
          "Whether the value is there."},
    OpRow{Op::in, "in", 2, many, "x IN (a, …), x NOT IN (a, …) → BOOLEAN",
          "Whether x equals one of them; NULL when x is NULL, or none equals it and one is NULL."},
    OpRow{Op::logical_and, "and", 2, many, "a AND b → BOOLEAN",
          "Three-valued. Every operand is computed: an error on either side is the row's error."},
    OpRow{Op::logical_or, "or", 2, many, "a OR b → BOOLEAN",
          "Three-valued. Every operand is computed: an error on either side is the row's error."},
    OpRow{Op::logical_not, "not", 1, 1, "NOT a → BOOLEAN", "NULL stays NULL."},
    OpRow{Op::case_when, "case", 3, many,
          "CASE WHEN a THEN x … ELSE y END, CASE v WHEN a THEN x … END, if(a, x, y), nullif(x, y)",
          "The first branch whose condition is true; only that branch is computed for the row."},
    OpRow{Op::coalesce, "coalesce", 1, many, "coalesce(a, …), ifnull(a, b) → type of a",
          "The first that is not NULL; those after it are not computed for the row."},
    OpRow{Op::greatest, "greatest", 1, many, "greatest(a, …) → type of a",
          "The greatest that is not NULL."},
    OpRow{Op::least, "least", 1, many, "least(a, …) → type of a", "The least that is not NULL."},
    OpRow{Op::lower, "lower", 1, 1, "lower(text), lcase(text) → VARCHAR",
          "Letters of all alphabets in lower case, one character for one."},
    OpRow{Op::upper, "upper", 1, 1, "upper(text), ucase(text) → VARCHAR",
          "Letters of all alphabets in upper case, one character for one: `ß` becomes `ẞ`."},
    OpRow{Op::trim, "trim", 1, 2, "trim(text), trim(text, characters) → VARCHAR",
          "Without the spaces at both ends (of all of Unicode, but no tabs and line ends), or "
          "without "
          "the characters given."},
    OpRow{Op::ltrim, "ltrim", 1, 2, "ltrim(text), ltrim(text, characters) → VARCHAR",
          "Likewise, at the start only."},
    OpRow{Op::rtrim, "rtrim", 1, 2, "rtrim(text), rtrim(text, characters) → VARCHAR",
          "Likewise, at the end only."},
    OpRow{Op::length, "length", 1, 1, "length(text), len(text), char_length(text) → BIGINT",
          "How many characters (code points) the text has."},
    OpRow{Op::substr, "substr", 2, 3,
          "substr(text, start), substr(text, start, length), substring(…) → VARCHAR",
          "Characters from `start` on, the first being 1; a negative start counts from the end, a "
          "negative length goes backwards. Beyond 32 bits: an error of the row."},
    OpRow{Op::left, "left", 2, 2, "left(text, count) → VARCHAR",
          "The first characters; negative: all but the last."},
    OpRow{Op::right, "right", 2, 2, "right(text, count) → VARCHAR",
          "The last characters; negative: all but the first."},
    OpRow{Op::contains, "contains", 2, 2, "contains(text, part) → BOOLEAN",
          "Whether the part occurs in the text; the empty part always does."},
    OpRow{Op::starts_with, "starts_with", 2, 2,
          "starts_with(text, part), prefix(text, part), text ^@ part → BOOLEAN",
          "Whether the text starts with the part."},
    OpRow{Op::ends_with, "ends_with", 2, 2, "ends_with(text, part), suffix(text, part) → BOOLEAN",
          "Whether the text ends with the part."},
    OpRow{
        Op::like, "like", 2, 2, "text LIKE pattern, NOT LIKE, ILIKE, NOT ILIKE → BOOLEAN",
        "`%` stands for any text, `_` for one character; ILIKE compares both in lower case. There "
        "is no ESCAPE."},
    OpRow{Op::join, "||", 2, 2, "a || b → VARCHAR",
          "Both texts in one; what is no text is cast to it. NULL when one side is NULL."},
    OpRow{Op::concat, "concat", 1, many, "concat(a, …) → VARCHAR",
          "All in one text; NULL counts as empty."},
    OpRow{Op::replace, "replace", 3, 3, "replace(text, from, to) → VARCHAR",
          "Each occurrence of `from`, left to right, by `to`; an empty `from` occurs nowhere."},
    OpRow{Op::date_part, "date_part", 2, 2,
          "date_part('part', time), extract(part FROM time), year(time), hour(time), … → BIGINT",
          "One of millennium, century, decade, year, quarter, month, week, isoyear, yearweek, day, "
          "dow (Sunday is 0), isodow (Sunday is 7), doy, hour, minute, second, millisecond, "
          "microsecond, and epoch (seconds since 1970, a DOUBLE). NULL for infinity."},
    OpRow{
        Op::date_trunc, "date_trunc", 2, 2, "date_trunc('part', time) → TIMESTAMP",
        "The start of the year, month, … that the time lies in; of a TIMESTAMP WITH TIME ZONE one "
        "of its kind."},
    OpRow{
        Op::date_diff, "date_diff", 3, 3, "date_diff('part', start, end) → BIGINT",
        "How many borders of years, months, … lie between; of weeks, how many whole ones. NULL for "
        "infinity."},
    OpRow{Op::regexp_matches, "regexp_matches", 2, 3,
          "regexp_matches(text, 'pattern'), regexp_matches(text, 'pattern', 'options') → BOOLEAN",
          "Whether some part of the text matches the pattern, of RE2's syntax and a constant. "
          "Options: "
          "`i` takes no notice of case, `s` lets `.` match a line's end, `l` takes the pattern as "
          "plain "
          "text."},
    OpRow{Op::regexp_full_match, "regexp_full_match", 2, 3,
          "regexp_full_match(text, 'pattern'), text ~ 'pattern', SIMILAR TO → BOOLEAN",
          "Whether the whole text matches. Likewise."},
    OpRow{
        Op::regexp_extract, "regexp_extract", 2, 4,
        "regexp_extract(text, 'pattern'), regexp_extract(text, 'pattern', group, 'options') → "
        "VARCHAR",
        "The first match, or the group of that number (1 to 9) in it; empty when nothing matches."},
};

}  // namespace

std::span<const OpRow> all_op_rows() { return op_rows; }

}  // namespace gristmill
