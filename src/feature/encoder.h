// Encoders: columns → features. One source file a kind, registering an EncoderKind. Fitting is
// observe, merge, freeze, as with rules.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/params.h"
#include "base/registry.h"
#include "base/state.h"
#include "frame/batch.h"
#include "frame/fit_batch.h"
#include "frame/scratch.h"
#include "tensor/dataset.h"
#include "tensor/tensor.h"

namespace gristmill {

// What a learner wants of its features.
struct Wants {
  bool scaled = false;  // numbers to mean 0, variance 1; missing filled, with an indicator
  bool missing = true;  // takes NaN
  bool cyclic = false;  // calendar parts as sine and cosine rather than as numbers
  // Whether what is missing is filled, with an indicator.
  bool fills() const { return scaled || !missing; }
  bool operator==(const Wants&) const = default;
  nlohmann::json json() const;
};

// Why a column without a value is left out; what reads the reasons knows it by this.
inline constexpr const char* all_missing = "all its values are missing";

// What is predicted, for encoders that learn from it.
struct TargetInfo {
  Problem problem = Problem::regression;
  std::vector<std::string> classes;  // empty for a number

  // Numbers that tell a target: itself; whether it is positive; of each class, whether it is that.
  int64_t outputs() const { return problem == Problem::multiclass ? int64_t(classes.size()) : 1; }
};

class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual void bind(const Schema& in) = 0;  // Code::not_found, Code::invalid (type)
  virtual std::vector<std::string> reads() const = 0;
  virtual std::vector<TensorSpec> outputs() const = 0;
  // Writes its slice: spec s of outputs() starts at column at[s] of its block. Thread-safe.
  virtual void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
                      Scratch& scratch) const = 0;
  // The same for rows that it was fitted on, `fold` as in FitBatch. Other than encode() where the
  // target was learned from: then as the rows of the other folds tell it. Not saved: a loaded
  // encoder encodes rows of others only.
  virtual void encode_training(const Batch& rows, const uint8_t* fold, const FeatureRows& out,
                               const int64_t* at, Scratch& scratch) const {
    (void)fold;
    encode(rows, out, at, scratch);
  }
  virtual State save() const = 0;
};

class EncoderFit {
 public:
  virtual ~EncoderFit() = default;
  virtual std::vector<std::string> reads() const = 0;
  // Whether observe() needs the target and the folds of its rows.
  virtual bool needs_target() const { return false; }
  virtual void observe(const FitBatch& seen) = 0;  // training rows, in order
  // A fresh fit for a chunk. Other threads call it while this one merges: it reads what merge()
  // does not write.
  virtual std::unique_ptr<EncoderFit> clone_empty() const = 0;
  virtual void merge(EncoderFit&& later) = 0;
  virtual bool next_pass() { return false; }  // true: see all rows once more
  // Null: the column carries nothing (constant, all null); `why` says so.
  virtual std::unique_ptr<Encoder> freeze(std::string* why) const = 0;
  // Why `auto` leaves the column out although it can be encoded ("looks like an identifier: …");
  // "" when it does not.
  virtual std::string unsuitable() const { return {}; }
  // What the column holds, in some words ("12 values"), where `auto` goes by that.
  virtual std::string nature() const { return {}; }
  // Whether the column is text whose words tell more than its values do.
  virtual bool is_prose() const { return false; }
  // Whether the column has more values than it tells apart.
  virtual bool overflows() const { return false; }
};

struct EncoderContext {
  const Schema& schema;  // of the rows
  const Field& field;    // the column
  const Wants& wants;
  std::string time;  // the prediction time's column, for elapsed; "" when there is none
  TargetInfo target = {};
};

// Columns that an encoder reads beside its own.
struct OtherColumns {
  std::vector<std::string> encoded;  // it says what they say: `auto` leaves them to it
  std::vector<std::string> read;     // only looked at
};

struct EncoderKind {
  std::string name;  // "number", "category", "datetime", "boolean"
  int version = 1;
  std::string text;  // for the reference
  std::string example;
  std::vector<ParamDoc> params;
  std::function<std::unique_ptr<EncoderFit>(const nlohmann::json& params, const EncoderContext&)>
      make;
  std::function<std::unique_ptr<Encoder>(const State&)> load;
  // As the parameters name them; absent: none. Code::invalid.
  std::function<OtherColumns(const nlohmann::json& params)> others = nullptr;
  // Puts in place of files that the parameters name, below `dir`, what they hold; absent: they name
  // none. Code::invalid, Code::not_found.
  std::function<void(nlohmann::json& params, const fs::path& dir)> read_files = nullptr;
};
using Encoders = Registry<EncoderKind>;
using RegisterEncoder = Registration<EncoderKind>;

}  // namespace gristmill
