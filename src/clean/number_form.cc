#include "clean/number_form.h"

#include <charconv>

#include "base/text.h"
#include "clean/text_steps.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

constexpr std::string_view minus_sign = "\u2212";
constexpr std::string_view apostrophe = "\u2019";

// A number as from_chars reads it.
class Digits {
 public:
  void add(char c) {
    if (size_ < sizeof(text_))
      text_[size_++] = c;
    else
      whole_ = false;
  }
  void add(std::string_view text) {
    for (char c : text) add(c);
  }
  bool empty() const { return size_ == 0; }
  // Nothing when it was longer than there is room for.
  std::optional<std::string_view> text() const {
    if (!whole_) return std::nullopt;
    return std::string_view(text_, size_);
  }

 private:
  char text_[120];
  size_t size_ = 0;
  bool whole_ = true;
};

size_t count_digits(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

// The bytes of the thousands mark that a text begins with; 0: none.
size_t leading_mark(std::string_view text, char mark) {
  if (text.empty() || mark == 0) return 0;
  if (text.front() == mark) return 1;
  if (mark == ' ' && uint8_t(text.front()) >= 0x80) return leading_space(text);
  if (mark == '\'' && text.starts_with(apostrophe)) return apostrophe.size();
  return 0;
}

void take_digits(std::string_view& text, size_t count, Digits& digits) {
  digits.add(text.substr(0, count));
  text.remove_prefix(count);
}

// The exponent of 1.5e-3, if one stands there.
int take_exponent(std::string_view& text) {
  if (text.empty() || lower(text.front()) != 'e') return 0;
  std::string_view rest = text.substr(1);
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  const size_t count = count_digits(rest);
  int exponent = 0;
  if (count == 0 || count > 4) return 0;
  std::from_chars(rest.data(), rest.data() + count, exponent);
  text = rest.substr(count);
  return negative ? -exponent : exponent;
}

// Digits in groups, decimal mark, exponent; at least one digit.
bool take_number(const NumberForm& form, std::string_view& text, Digits& digits) {
  const size_t first = count_digits(text);
  take_digits(text, first, digits);
  if (first >= 1 && first <= 3) {
    while (size_t mark = leading_mark(text, form.thousands)) {
      if (count_digits(text.substr(mark)) != 3) break;
      text.remove_prefix(mark);
      take_digits(text, 3, digits);
    }
  }
  if (form.decimal != 0 && text.starts_with(form.decimal) && text.size() > 1 && is_digit(text[1])) {
    text.remove_prefix(1);
    digits.add('.');
    take_digits(text, count_digits(text), digits);
  } else if (first == 0) {
    return false;
  }
  int exponent = form.decimal == 0 ? 0 : take_exponent(text);
  if (form.kind == NumberForm::Kind::percent) exponent -= 2;
  if (exponent != 0) {
    char written[12];
    const auto end = std::to_chars(written, written + sizeof(written), exponent).ptr;
    digits.add('e');
    digits.add({written, size_t(end - written)});
  }
  return true;
}

// All of a cell: sign, currency or percent sign, and the number.
bool take_cell(const NumberForm& form, std::string_view text, Digits& digits) {
  text = trimmed_unicode(text);
  bool negative = false, had_minus = false;
  if (form.kind == NumberForm::Kind::money && text.starts_with('(') && text.ends_with(')')) {
    text = trimmed_unicode(text.substr(1, text.size() - 2));
    negative = had_minus = true;
  }
  if (!had_minus) negative = take_minus(text, had_minus);
  bool had_sign = !form.sign.empty() && take(text, form.sign);
  if (had_sign) skip_space(text);
  if (!had_minus) negative = take_minus(text, had_minus);
  if (negative) digits.add('-');
  if (!take_number(form, text, digits)) return false;
  if (!form.sign.empty() && !had_sign) {
    skip_space(text);
    had_sign = take(text, form.sign);
  }
  return text.empty() && (had_sign || form.kind != NumberForm::Kind::percent);
}

// A cell of digits and marks in their places, few enough that their quotient is exact; false: to be
// read the long way.
bool quick_number(const NumberForm& form, std::string_view text, double& value) {
  static constexpr double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 15) return false;
  int64_t whole = 0;
  size_t i = 0;
  auto take_digits = [&] {
    const size_t begin = i;
    for (; i < text.size() && is_digit(text[i]); ++i) whole = whole * 10 + (text[i] - '0');
    return i - begin;
  };
  const size_t first = take_digits();
  if (first == 0) return false;
  while (i < text.size() && form.thousands != 0 && text[i] == form.thousands) {
    ++i;
    if (first > 3 || take_digits() != 3) return false;
  }
  size_t places = 0;
  if (i < text.size()) {
    if (form.decimal == 0 || text[i++] != form.decimal) return false;
    places = take_digits();
    if (places == 0 || i < text.size()) return false;
  }
  value = double(whole) / powers[places];
  if (negative) value = -value;
  return true;
}

}  // namespace

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

void skip_space(std::string_view& text) {
  while (size_t space = leading_space(text)) text.remove_prefix(space);
}

bool take_minus(std::string_view& text, bool& had_sign) {
  const bool negative = take(text, "-") || take(text, minus_sign);
  had_sign = negative || take(text, "+");
  if (had_sign) skip_space(text);
  return negative;
}

std::optional<NumberForm> NumberForm::parse(std::string_view example, Kind kind) {
  NumberForm form;
  form.kind = kind;
  const size_t begin = example.find_first_of("0123456789");
  const size_t end = example.find_last_of("0123456789") + 1;
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view before = trimmed_unicode(example.substr(0, begin));
  const std::string_view behind = trimmed_unicode(example.substr(end));
  if (!before.empty() && !behind.empty()) return std::nullopt;
  form.sign = before.empty() ? behind : before;
  const bool odd_sign = form.sign.find_first_of("+-(),'%") != std::string::npos;
  if (kind == Kind::number
          ? !form.sign.empty()
          : (kind == Kind::percent ? form.sign != "%" : form.sign.empty() || odd_sign))
    return std::nullopt;

  std::string_view digits = example.substr(begin, end - begin);
  if (!take(digits, "1")) return std::nullopt;
  for (char mark : {'.', ',', ' ', '\''}) {
    if (size_t bytes = leading_mark(digits, mark)) {
      form.thousands = mark;
      digits.remove_prefix(bytes);
      break;
    }
  }
  if (!take(digits, "234")) return std::nullopt;
  form.decimal = digits.empty() ? 0 : digits.front();
  if (digits.empty()) return form;
  if ((form.decimal != '.' && form.decimal != ',') || form.decimal == form.thousands ||
      digits.substr(1) != "5")
    return std::nullopt;
  return form;
}

bool NumberForm::read(std::string_view cell, double& value) const {
  if (kind == Kind::number && quick_number(*this, cell, value)) return true;
  Digits digits;
  if (!take_cell(*this, cell, digits)) return false;
  const auto text = digits.text();
  return text && parse_float64(*text, value);
}

bool NumberForm::read(std::string_view cell, int64_t& value) const {
  Digits digits;
  if (!take_cell(*this, cell, digits)) return false;
  const auto text = digits.text();
  return text && parse_int64(*text, value);
}

bool NumberForm::read_front(std::string_view& text, double& value) const {
  Digits digits;
  if (!take_number(*this, text, digits)) return false;
  const auto written = digits.text();
  return written && parse_float64(*written, value);
}

}  // namespace gristmill
