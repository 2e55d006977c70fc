// target text|number PROBLEM OUTPUTS LEVELS TARGET FOLD OUT: fits `target` on the rows and
// encodes them out-of-fold, chunk by chunk on one thread. LEVELS is int64, TARGET float64, FOLD u8,
// OUT float32, all raw. Prints the seconds.
#include <chrono>
#include <cstring>

#include <fmt/format.h>

#include "base/file_system.h"
#include "feature/featurizer.h"

namespace gristmill {
namespace {

template <class T>
std::vector<T> read(const std::string& path) {
  const std::string bytes = disk().read(path);
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

struct Chunk {
  BatchBuffer rows;
  int64_t begin = 0;
};

std::vector<Chunk> chunks_of(const std::vector<int64_t>& levels, Type type) {
  std::vector<Chunk> chunks;
  for (size_t i = 0; i < levels.size(); ++i) {
    if (i % chunk_rows == 0) chunks.push_back({BatchBuffer(Schema({{"x", type}})), int64_t(i)});
    if (type == Type::int64)
      chunks.back().rows[0].append(levels[i]);
    else
      chunks.back().rows[0].append(std::string_view(fmt::format("value {}", levels[i])));
  }
  return chunks;
}

int run(const std::vector<std::string>& args) {
  const Type type = args.at(1) == "text" ? Type::string : Type::int64;
  TargetInfo info{parse_problem(args.at(2)),
                  std::vector<std::string>(size_t(std::stoi(args.at(3))))};
  const auto levels = read<int64_t>(args.at(4));
  const auto target = read<double>(args.at(5));
  const auto fold = read<uint8_t>(args.at(6));
  const std::vector<Chunk> chunks = chunks_of(levels, type);
  std::vector<float> out(levels.size() * size_t(info.outputs()));
  const Wants wants{.scaled = false, .missing = true, .cyclic = false};

  const auto start = std::chrono::steady_clock::now();
  FeaturizerFit fit(Schema({{"x", type}}), {{"x", "target"}}, wants, "", info);
  for (const Chunk& chunk : chunks) {
    auto part = fit.clone_empty();
    part->observe({.rows = chunk.rows.view(),
                   .target = target.data() + chunk.begin,
                   .fold = fold.data() + chunk.begin});
    fit.merge(std::move(*part));
  }
  const Featurizer featurizer = fit.freeze(nullptr);
  Scratch scratch;
  for (const Chunk& chunk : chunks) {
    const Batch rows = chunk.rows.view();
    const FeatureRows to{.rows = rows.rows,
                         .floats = out.data() + chunk.begin * info.outputs(),
                         .float_stride = info.outputs()};
    featurizer.encode_training(rows, fold.data() + chunk.begin, to, scratch);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;

  disk().write_atomic(args.at(7),
                      {reinterpret_cast<const char*>(out.data()), out.size() * sizeof(float)});
  fmt::print("{{\"seconds\": {}}}\n", took.count());
  return 0;
}

}  // namespace
}  // namespace gristmill

int main(int argc, char** argv) { return gristmill::run({argv, argv + argc}); }
