#include "serve/answer_writer.h"

#include <algorithm>
#include <iterator>
#include <random>

#include "frame/json_writer.h"

namespace gristmill {
namespace {

std::string json_text(std::string_view text) {
  std::string json;
  append_json_text(json, text);
  return json;
}

}  // namespace

bool AnswerWriter::is_reserved(std::string_view key_column) {
  static constexpr std::string_view members[] = {
      "id", "prediction", "interval", "probability", "probabilities", "key", "explanation"};
  return std::find(std::begin(members), std::end(members), key_column) != std::end(members);
}

AnswerWriter::AnswerWriter(const Bundle& bundle) {
  const Signature& signature = bundle.signature;
  head_ = "{\"model\":" + json_text(bundle.name) + ",\"version\":" + json_text(bundle.version) +
          ",\"id\":\"";
  for (size_t i = 0; i < signature.fields.size(); ++i) {
    if (!signature.fields[i].key) continue;
    const std::string& name = signature.fields[i].field.name;
    (is_reserved(name) ? reserved_keys_ : keys_).push_back({i, json_text(name) + ":"});
  }
  interval_ = bundle.interval;
  if (signature.problem == Problem::regression) return;
  for (const std::string& name : signature.classes)
    labels_.push_back(signature.boolean_target ? name : json_text(name));
  if (signature.boolean_target) labels_ = {"false", "true"};
  if (signature.problem == Problem::multiclass)
    for (const std::string& name : signature.classes) probability_.push_back(json_text(name) + ":");
}

void AnswerWriter::write(std::string_view id, const Batch& rows, const Answers& answers,
                         const Explanation* explanation, const std::vector<std::string>& ignored,
                         std::string& out) const {
  out = head_;
  out += id;
  out += "\",\"predictions\":[";
  for (int64_t row = 0; row < rows.rows; ++row) {
    if (row > 0) out += ',';
    write_row(id, rows, answers, explanation, row, out);
  }
  out += ']';
  if (!ignored.empty()) {
    out += ",\"ignored\":[";
    for (size_t i = 0; i < ignored.size(); ++i) {
      if (i > 0) out += ',';
      append_json_text(out, ignored[i]);
    }
    out += ']';
  }
  out += '}';
}

void AnswerWriter::write_row(std::string_view id, const Batch& rows, const Answers& answers,
                             const Explanation* explanation, int64_t row, std::string& out) const {
  out += "{\"id\":\"";
  out += id;
  out += '-';
  append_json_number(out, row);
  out += '"';
  for (const KeyColumn& key : keys_) {
    const Column& column = rows.columns[key.index];
    if (column.is_null(row)) continue;  // was not given
    out += ',';
    out += key.member;
    append_json_cell(out, column, row);
  }
  if (!reserved_keys_.empty()) write_reserved_keys(rows, row, out);
  write_answer(answers, row, out);
  if (explanation != nullptr) {
    out += ",\"explanation\":";
    explanation->model.write(explanation->rows, row, out);
  }
  out += '}';
}

void AnswerWriter::write_reserved_keys(const Batch& rows, int64_t row, std::string& out) const {
  bool any = false;
  for (const KeyColumn& key : reserved_keys_) {
    const Column& column = rows.columns[key.index];
    if (column.is_null(row)) continue;
    out += any ? "," : ",\"key\":{";
    any = true;
    out += key.member;
    append_json_cell(out, column, row);
  }
  if (any) out += '}';
}

void AnswerWriter::write_interval(double value, std::string& out) const {
  out += ",\"interval\":[";
  append_json_number(out, value - interval_->margin);
  out += ',';
  append_json_number(out, value + interval_->margin);
  out += ']';
}

void AnswerWriter::write_answer(const Answers& answers, int64_t row, std::string& out) const {
  out += ",\"prediction\":";
  double value = answers.values[size_t(row)];
  if (labels_.empty()) {
    append_json_number(out, value);
    if (interval_) write_interval(value, out);
    return;
  }
  out += labels_[size_t(value)];
  const double* probabilities = answers.probabilities.data() + row * answers.width;
  if (probability_.empty()) {
    out += ",\"probability\":";
    append_json_number(out, probabilities[0]);
    return;
  }
  out += ",\"probabilities\":{";
  for (size_t k = 0; k < probability_.size(); ++k) {
    if (k > 0) out += ',';
    out += probability_[k];
    append_json_number(out, probabilities[k]);
  }
  out += '}';
}

RequestIds::RequestIds() {
  std::random_device random;
  counter_ = (uint64_t(random()) << 32) | random();
}

std::string_view RequestIds::next() {
  // SplitMix64: a bijection, so that ids repeat no sooner than the counter does.
  uint64_t bits = counter_++ * 0x9e3779b97f4a7c15u;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  bits ^= bits >> 31;
  for (char& digit : text_) {
    digit = "0123456789abcdef"[bits & 15];
    bits >>= 4;
  }
  return {text_, sizeof text_};
}

}  // namespace gristmill
