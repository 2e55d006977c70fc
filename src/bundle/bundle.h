// The bundle: rules + featurizer + model + what comes after it, in one immutable file of data.
// Format: docs/bundle.md. Sections carry checksums; arrays are aligned and read in place.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/file_system.h"
#include "clean/rule.h"
#include "feature/featurizer.h"
#include "frame/readers.h"
#include "model/model.h"

namespace gristmill {

// One column of a request.
struct SignatureField {
  Field field;                      // nullable: may be null or absent
  bool key = false;                 // carried into the answer, never a feature; always optional
  nlohmann::json example;           // a value seen in training
  nlohmann::json choices;           // for text with few values: the values; else null
  nlohmann::json minimum, maximum;  // of numbers and times, as seen in training; else null
};

// What goes in and what comes out.
struct Signature {
  std::vector<SignatureField> fields;
  std::vector<std::string> ignored;  // other columns of the training table
  Problem problem = Problem::regression;
  std::vector<std::string> classes;  // binary: {negative, positive}
  bool boolean_target = false;       // classes are false and true, answered as JSON booleans
  std::string target;                // the expression, for people
  std::vector<std::string> null_texts = {"", "NA"};  // missing values in text files, as in training

  Expected expected() const;
  std::vector<std::string> key() const;
  nlohmann::json json() const;
  static Signature from_json(const nlohmann::json& json);
};

// Of a number: prediction ± margin holds the truth in the share `level` of the rows.
struct PredictionInterval {
  double level, margin;
  nlohmann::json json() const { return {{"level", level}, {"margin", margin}}; }
};

// The shares of Model::importance() by source column; {} for a model that has none.
nlohmann::json importance_by_column(const Model& model, const FeatureLayout& layout);

struct Bundle {
  std::string name;     // of the prediction
  std::string version;  // first 12 hex digits of the digest of everything below
  Signature signature;
  RuleChain rules;
  Featurizer featurizer;
  std::unique_ptr<Model> model;
  double threshold = 0.5;  // binary: positive when probability ≥ threshold
  std::optional<PredictionInterval> interval;
  nlohmann::json card;  // metrics, split, lineage, rows, features left out, created
  std::map<std::string, int64_t> section_bytes;  // filled by open

  // The file's bytes; deterministic: equal content gives equal bytes.
  std::string serialize() const;
  // Opens, and checks every checksum and that the parts fit each other. The file is read whole:
  // writing over it changes nothing for who has it open. Code::not_found;
  // Code::corrupt, also for what a later version wrote (its hint says so); Code::exhausted for
  // trees that need too much memory.
  static std::shared_ptr<const Bundle> open(const fs::path& path);
  static std::shared_ptr<const Bundle> parse(std::shared_ptr<const void> owner,
                                             std::string_view bytes,
                                             const std::string& name_for_errors);
};

}  // namespace gristmill
