#include "pipeline/partial_dependence.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace gristmill {
namespace {

constexpr size_t number_points = 20, text_points = 10;

// Evenly spaced in rank between the 2nd and 98th percentile; all where they are few.
template <class T>
std::vector<T> spread(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  const size_t edge = values.size() / 50;
  values = {values.begin() + std::ptrdiff_t(edge), values.end() - std::ptrdiff_t(edge)};
  std::vector<T> distinct = values;
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() <= number_points) return distinct;
  std::vector<T> out;
  for (size_t k = 0; k < number_points; ++k)
    out.push_back(values[k * (values.size() - 1) / (number_points - 1)]);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

template <class T, class Get>
std::vector<T> present(const Column& column, Get get) {
  std::vector<T> out;
  for (int64_t i = 0; i < column.length; ++i) {
    if (!column.is_null(i)) out.push_back(get(i));
  }
  return out;
}

std::vector<std::string> frequent(const Column& column) {
  std::map<std::string, int64_t> counts;
  for (std::string& text :
       present<std::string>(column, [&](int64_t i) { return std::string(column.string(i)); }))
    ++counts[std::move(text)];
  std::vector<std::pair<int64_t, std::string>> order;
  for (const auto& [text, count] : counts) order.emplace_back(-count, text);
  std::sort(order.begin(), order.end());
  std::vector<std::string> out;
  for (size_t i = 0; i < order.size() && i < text_points; ++i) out.push_back(order[i].second);
  return out;
}

class Mover {
 public:
  Mover(const Predictor& predictor, const Batch& rows, size_t column)
      : predictor_(predictor), rows_(rows), at_(column) {}

  template <class T, class Value>
  void move(const std::vector<T>& values, std::vector<Dependence::Point>& out, Value value) {
    for (const T& one : values) {
      ColumnBuffer held(rows_.columns[at_].type);
      for (int64_t i = 0; i < rows_.rows; ++i) held.append(value(one));
      std::vector<double> means = answer(held.view());
      if (!means.empty()) out.push_back({one, std::move(means)});
    }
  }

 private:
  // Empty where no row has an answer.
  std::vector<double> answer(const Column& held) {
    Batch rows = rows_;
    rows.columns[at_] = held;
    predictor_.predict(rows, workspace_, answers_);
    const bool values = answers_.width == 0;
    const size_t width = values ? 1 : size_t(answers_.width);
    std::vector<bool> failed(size_t(rows.rows), false);
    for (const RowError& error : answers_.errors) failed[size_t(error.row)] = true;
    std::vector<double> sums(width);
    int64_t count = 0;
    for (size_t i = 0; i < failed.size(); ++i) {
      if (failed[i]) continue;
      ++count;
      for (size_t k = 0; k < width; ++k)
        sums[k] += values ? answers_.values[i] : answers_.probabilities[i * width + k];
    }
    if (count == 0) return {};
    for (double& sum : sums) sum /= double(count);
    return sums;
  }

  const Predictor& predictor_;
  const Batch& rows_;
  size_t at_;
  Predictor::Workspace workspace_;
  Answers answers_;
};

}  // namespace

nlohmann::json Dependence::json() const {
  nlohmann::json list = nlohmann::json::array();
  for (const Point& point : points) list.push_back({{"at", point.at}, {"means", point.means}});
  return {{"column", column}, {"points", list}};
}

Dependence partial_dependence(const Predictor& predictor, const Batch& rows, size_t column) {
  const Column& own = rows.columns[column];
  Dependence out{(*rows.schema)[column].name, {}};
  Mover mover(predictor, rows, column);
  auto same = [](const auto& value) { return value; };
  switch (own.type) {
    case Type::int64:
      mover.move(spread(present<int64_t>(own, [&](int64_t i) { return own.values<int64_t>()[i]; })),
                 out.points, same);
      break;
    case Type::float64: {
      auto values = present<double>(own, [&](int64_t i) { return own.values<double>()[i]; });
      std::erase_if(values, [](double value) { return !std::isfinite(value); });
      mover.move(spread(std::move(values)), out.points, same);
      break;
    }
    case Type::boolean: {
      auto values = present<int>(own, [&](int64_t i) { return int(own.boolean(i)); });
      mover.move(spread(std::move(values)), out.points, [](int value) { return value != 0; });
      for (auto& point : out.points) point.at = point.at.get<int>() != 0;
      break;
    }
    case Type::string:
      mover.move(frequent(own), out.points,
                 [](const std::string& value) { return std::string_view(value); });
      break;
    default:
      break;
  }
  return out;
}

}  // namespace gristmill
