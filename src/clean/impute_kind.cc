// Rule `impute`, as it is registered.
#include "clean/impute.h"
#include "clean/impute_params.h"
#include "clean/impute_parts.h"
#include "clean/impute_rows.h"

namespace gristmill {
namespace {

std::unique_ptr<Rule> load_part(const State& state) {
  return state.json.contains("with") ? ImputeRows::load(state) : Impute::load(state);
}

const RegisterRule register_impute({
    .name = "impute",
    // 2: groups; 3: forward, knn, iterative; 4: auto; 5: `numbers` without the key and the target.
    .version = 5,
    .text =
        "Fills missing cells (null, and NaN in columns of numbers) with the mean, median or mode "
        "of the training rows, with a constant, with the last value before, or from the other "
        "columns of the row. `columns: numbers` stands for all columns of numbers but those of a "
        "key and those that the target reads, or is derived from; they can be named. "
        "`indicator: true` adds the boolean column `<column>_missing`. Mean and median are for "
        "numbers and make an int64 column float64; "
        "NaN and infinities are left out of a mean. The median is exact up to 16,384 values, "
        "then its rank is off by at most 0.04 % of the rows; of two values equally frequent the "
        "smaller one is the mode, and beyond 65,536 different values the mode is approximate. A "
        "column without any value in the training rows is an error, but with a constant or "
        "forward. With "
        "`by`, each group of rows has its own, and rows whose group has none, or no cell to tell "
        "it by, get that of all rows: at most 10,000 groups, where a median is exact up to 1,024 "
        "values of a group and a mode up to 256 different ones.\n\n"
        "`with: forward` takes the last value that a training row of the group (`by`; of the "
        "table without it) held at a `time` strictly before the row's. What training knew is "
        "frozen as it changed over time, so that all rows are filled by the same rule: a training "
        "row with what came before it, never after; a row of the validate or test part, or of a "
        "request, with what training knew last before its time, which for a time after training "
        "is the last value of all. Of several values at one time the last row's counts. Where "
        "nothing was known before, or the row has no time or group, the cell stays missing: let "
        "another `impute` follow. At most 8,000,000 known values, which change at most 1,000,000 "
        "times. `backward` and `linear` are refused: they take what comes after a row, which a "
        "request cannot know; where it may be known, fill in the table's SQL.\n\n"
        "`with: knn` and `with: iterative` fill 2 to 64 columns of numbers together, each from the "
        "others, and make them float64. knn: the mean of the `k` nearest training rows that know "
        "the cell, by the distance over what both rows know, columns scaled by their deviation; "
        "at most 4,096 training rows, drawn by position, are frozen to be compared with. "
        "iterative: ridge regressions of each column on the others in turns, fitted on at most "
        "16,384 training rows, never beyond the values seen there. Where a row knows nothing, both "
        "answer with means. A column that the target reads must not be among them: all that is "
        "filled from it would be left out of the features.\n\n"
        "`with: auto` finds for each column which way fills it best: mean or median for numbers, "
        "mode for others, also by group where `by` is given, `forward` where `time` is, and for "
        "2 to 64 columns of numbers that one rule fills so, knn and iterative. All are fitted on "
        "the training rows with a tenth of the known cells hidden, by a hash of their position, "
        "and compared by what they fill these with in at most 4,096 rows: by the root mean square "
        "error over the column's deviation (1 is as good as a mean), or by the share that is "
        "wrong; what `forward` knows nothing of counts as the simplest way fills it, and stays "
        "missing where it is chosen. The best is fitted on all cells, or the simplest that is "
        "within 2 % of it; the report has the error of each.",
    .example = "- impute: {temp: median, carrier: mode, gate: {constant: none}}\n"
               "- impute: {wind_speed: {with: mean, indicator: true}}\n"
               "- impute: {air_time: {with: median, by: [carrier, dest]}}\n"
               "- impute: {columns: [temp, visib], with: median, indicator: true}\n"
               "- impute: {temp: {with: forward, time: time_hour, by: dest}}\n"
               "- impute: {columns: [temp, wind_speed, visib], with: knn, k: 5}\n"
               "- impute: {columns: [temp, wind_speed, visib], with: iterative, indicator: true}\n"
               "- impute: {columns: numbers, with: auto}\n"
               "- impute: {carrier: auto, temp: {with: auto, by: dest, time: time_hour}}",
    .fitted = is_learned_impute,
    .make = make_impute,
    .load =
        [](const State& state) {
          return state.json.contains("parts") ? ImputeParts::load(state, load_part)
                                              : load_part(state);
        },
});

}  // namespace
}  // namespace gristmill
