#include "clean/trigram_index.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "base/error.h"
#include "clean/folded_text.h"

namespace gristmill {
namespace {

// The trigrams of a folded text, ascending, each once: at most one more than it has characters.
size_t trigrams_of(std::string_view text, int32_t* characters, uint64_t* out) {
  const size_t size = decode_characters(text, characters);
  size_t count = 0;
  uint64_t before = ' ', last = ' ';
  for (size_t i = 0; i <= size && size > 0; ++i) {
    const uint64_t next = i < size ? uint64_t(characters[i]) : ' ';
    out[count++] = before << 42 | last << 21 | next;
    before = next == ' ' ? ' ' : last;
    last = next;
  }
  std::sort(out, out + count);
  return size_t(std::unique(out, out + count) - out);
}

uint32_t weight_of(size_t texts, size_t having) { return uint32_t(std::bit_width(texts / having)); }

Error corrupt(const char* what) {
  return Error(Code::corrupt, std::string("a saved index of trigrams: ") + what);
}

}  // namespace

TrigramIndex TrigramIndex::build(const Column& texts) {
  std::vector<std::pair<uint64_t, uint32_t>> pairs;
  std::vector<int32_t> characters;
  std::vector<uint64_t> found;
  for (int64_t i = 0; i < texts.length; ++i) {
    const std::string_view text = texts.string(i);
    characters.resize(text.size());
    found.resize(text.size() + 1);
    const size_t count = trigrams_of(text, characters.data(), found.data());
    for (size_t k = 0; k < count; ++k) pairs.emplace_back(found[k], uint32_t(i));
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<uint64_t> trigrams;
  std::vector<uint32_t> begins, postings, weights(size_t(texts.length), 0);
  for (size_t begin = 0, end; begin < pairs.size(); begin = end) {
    trigrams.push_back(pairs[begin].first);
    begins.push_back(uint32_t(begin));
    for (end = begin; end < pairs.size() && pairs[end].first == trigrams.back(); ++end)
      postings.push_back(pairs[end].second);
    const uint32_t weight = weight_of(weights.size(), end - begin);
    for (size_t k = begin; k < end; ++k) weights[pairs[k].second] += weight;
  }
  begins.push_back(uint32_t(postings.size()));
  State state;
  state.put("trigrams", std::move(trigrams));
  state.put("begins", std::move(begins));
  state.put("postings", std::move(postings));
  state.put("weights", std::move(weights));
  return TrigramIndex(std::move(state), size_t(texts.length));
}

TrigramIndex::TrigramIndex(State state, size_t texts)
    : state_(std::move(state)),
      trigrams_(state_.get<uint64_t>("trigrams")),
      begins_(state_.get<uint32_t>("begins")),
      postings_(state_.get<uint32_t>("postings")),
      weights_(state_.get<uint32_t>("weights")) {
  if (weights_.size() != texts || begins_.size() != trigrams_.size() + 1 || begins_.front() != 0 ||
      begins_.back() != postings_.size())
    throw corrupt("its parts do not fit together");
  for (size_t i = 0; i < trigrams_.size(); ++i) {
    if (begins_[i] >= begins_[i + 1] || begins_[i + 1] > postings_.size() ||
        (i > 0 && trigrams_[i - 1] >= trigrams_[i]))
      throw corrupt("its lists are not in order");
    for (size_t k = begins_[i]; k < begins_[i + 1]; ++k) {
      if (postings_[k] >= texts || (k > begins_[i] && postings_[k - 1] >= postings_[k]))
        throw corrupt("it names texts that are not there");
    }
  }
}

TrigramIndex::Search::Search(const TrigramIndex& index, size_t longest, Scratch& scratch)
    : index_(index),
      characters_(scratch.values<int32_t>(int64_t(longest))),
      trigrams_(scratch.values<uint64_t>(int64_t(longest) + 1)),
      lists_(scratch.values<List>(int64_t(longest) + 1)) {
  const auto texts = int64_t(index.weights_.size());
  shared_ = scratch.values<uint32_t>(texts);
  touched_ = scratch.values<uint32_t>(texts + 1);  // one is written ahead
  candidates_ = scratch.values<Candidate>(texts);
  std::fill_n(shared_, texts, 0);
}

void TrigramIndex::Search::find_lists(std::string_view text, uint32_t first, uint32_t last) {
  const size_t count = trigrams_of(text, characters_, trigrams_);
  const auto& known = index_.trigrams_;
  weight_ = 0;
  list_count_ = 0;
  auto from = known.begin();
  for (size_t i = 0; i < count; ++i) {
    from = std::lower_bound(from, known.end(), trigrams_[i]);
    if (from == known.end()) break;
    if (*from != trigrams_[i]) continue;
    const size_t at = size_t(from - known.begin());
    const uint32_t* begin = index_.postings_.data() + index_.begins_[at];
    const uint32_t* end = index_.postings_.data() + index_.begins_[at + 1];
    const uint32_t weight = weight_of(index_.weights_.size(), size_t(end - begin));
    weight_ += weight;
    begin = std::lower_bound(begin, end, first);
    lists_[list_count_++] = {begin, std::lower_bound(begin, end, last), weight};
  }
}

void TrigramIndex::Search::read_rarest() {
  std::sort(lists_, lists_ + list_count_, [](const List& a, const List& b) {
    return a.size() != b.size() ? a.size() < b.size() : a.begin < b.begin;
  });
  touched_count_ = 0;
  size_t read = 0;
  for (size_t i = 0; i < list_count_; ++i) {
    const List& list = lists_[i];
    if (read > 0 && read + list.size() > postings_most) break;
    read += list.size();
    for (const uint32_t* at = list.begin; at != list.end; ++at) {
      touched_[touched_count_] = *at;
      touched_count_ += shared_[*at] == 0;
      shared_[*at] += list.weight;
    }
  }
}

// By Dice's coefficient 2 · shared / (weight of one + weight of the other).
bool TrigramIndex::Search::better(const Candidate& a, const Candidate& b) const {
  const uint64_t left = uint64_t(a.shared) * (weight_ + b.weight);
  const uint64_t right = uint64_t(b.shared) * (weight_ + a.weight);
  return left != right ? left > right : a.text < b.text;
}

std::span<const uint32_t> TrigramIndex::Search::nearest(std::string_view text, uint32_t first,
                                                        uint32_t last) {
  find_lists(text, first, last);
  read_rarest();
  uint32_t most = 0;
  for (size_t i = 0; i < touched_count_; ++i) most = std::max(most, shared_[touched_[i]]);
  size_t count = 0;
  for (size_t i = 0; i < touched_count_; ++i) {
    const uint32_t text = touched_[i], shared = std::exchange(shared_[text], 0);
    if (3 * uint64_t(shared) >= most) candidates_[count++] = {text, shared, index_.weights_[text]};
  }
  const size_t chosen = std::min(count, nearest_most);
  std::nth_element(candidates_, candidates_ + chosen, candidates_ + count,
                   [&](const Candidate& a, const Candidate& b) { return better(a, b); });
  for (size_t i = 0; i < chosen; ++i) nearest_[i] = candidates_[i].text;
  return {nearest_, chosen};
}

}  // namespace gristmill
