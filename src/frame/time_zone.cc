#include "frame/time_zone.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file_system.h"
#include "frame/civil.h"
#include "frame/zone_rule.h"

namespace gristmill {
namespace {

constexpr int64_t last_year = 2100;
constexpr int32_t most_offset = 26 * 3600;  // RFC 8536, 3.2: less than 26 hours

const fs::path& zone_folder() {
  static const fs::path folder = "/usr/share/zoneinfo";
  return folder;
}

// Big-endian numbers from a file that may be cut anywhere.
class Reader {
 public:
  Reader(std::string_view bytes, const std::string& zone) : bytes_(bytes), zone_(zone) {}

  std::string_view take(size_t n) {
    if (n > bytes_.size()) fail("ends too early");
    std::string_view taken = bytes_.substr(0, n);
    bytes_.remove_prefix(n);
    return taken;
  }
  int64_t number(size_t width) {
    uint64_t value = 0;
    for (char c : take(width)) value = value << 8 | uint8_t(c);
    int unused = 64 - 8 * int(width);
    return int64_t(value << unused) >> unused;
  }
  std::string_view rest() const { return bytes_; }
  [[noreturn]] void fail(const char* what) const {
    throw Error(Code::corrupt, "the time-zone file of \"" + zone_ + "\" " + what);
  }

 private:
  std::string_view bytes_;
  const std::string& zone_;
};

struct Header {
  int version;
  size_t ut_indicators, standard_indicators, leaps, times, types, characters;

  size_t body(size_t time_width) const {
    return times * (time_width + 1) + types * 6 + characters + leaps * (time_width + 4) +
           standard_indicators + ut_indicators;
  }
};

Header read_header(Reader& in) {
  if (in.take(4) != "TZif") in.fail("is not one");
  Header h;
  char version = in.take(1)[0];
  h.version = version == 0 ? 1 : version - '0';
  in.take(15);
  for (size_t* count :
       {&h.ut_indicators, &h.standard_indicators, &h.leaps, &h.times, &h.types, &h.characters}) {
    int64_t n = in.number(4);
    if (n < 0 || n > 1'000'000) in.fail("has counts beyond reason");
    *count = size_t(n);
  }
  return h;
}

std::vector<std::string> zone_names() {
  std::vector<std::string> names;
  std::error_code error;
  fs::recursive_directory_iterator it(zone_folder(), error), end;
  for (; !error && it != end; it.increment(error)) {
    std::string name = it->path().lexically_relative(zone_folder()).string();
    if (name == "posix" || name == "right") it.disable_recursion_pending();
    bool zone = name[0] >= 'A' && name[0] <= 'Z' && name.find('.') == std::string::npos;
    if (zone && it->is_regular_file(error)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool could_be_zone(const std::string& name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '/';
  };
  return !name.empty() && name[0] != '/' && std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace

TimeZone TimeZone::find(const std::string& name) {
  if (name == "UTC") return {};
  std::error_code error;
  if (!fs::is_directory(zone_folder(), error))
    throw Error(Code::unavailable,
                "this machine has no time-zone database: " + zone_folder().string(), {},
                "install the package `tzdata`");
  fs::path path = zone_folder() / name;
  if (!could_be_zone(name) || !fs::is_regular_file(path, error))
    throw Error(Code::invalid, "unknown time zone \"" + name + "\"", {},
                did_you_mean(name, zone_names()));
  return parse(disk().read(path), name);
}

TimeZone TimeZone::parse(std::string_view bytes, const std::string& name) {
  Reader in(bytes, name);
  Header first = read_header(in);
  if (first.version < 2) in.fail("is of version 1, which ends in 2038");
  in.take(first.body(4));
  Header h = read_header(in);
  if (h.types == 0) in.fail("has no types");

  TimeZone zone;
  zone.name_ = name;
  for (size_t i = 0; i < h.times; ++i) zone.at_.push_back(in.number(8));
  std::string_view type_of = in.take(h.times);
  std::vector<int32_t> offsets;
  for (size_t i = 0; i < h.types; ++i) {
    int64_t offset = in.number(4);
    if (offset <= -most_offset || offset >= most_offset) in.fail("has an offset beyond reason");
    offsets.push_back(int32_t(offset));
    in.take(2);  // whether it is daylight saving time, and its abbreviation
  }
  in.take(h.characters + h.leaps * 12 + h.standard_indicators + h.ut_indicators);

  zone.offsets_ = {offsets[0]};
  for (size_t i = 0; i < h.times; ++i) {
    size_t type = uint8_t(type_of[i]);
    if (type >= offsets.size() || (i > 0 && zone.at_[i] <= zone.at_[i - 1]))
      in.fail("has transitions out of order");
    zone.offsets_.push_back(offsets[type]);
  }

  std::string_view footer = in.rest();
  if (footer.size() >= 2 && footer.front() == '\n' && footer.find('\n', 1) != footer.npos) {
    footer = footer.substr(1, footer.find('\n', 1) - 1);
    int64_t from = zone.at_.empty() ? INT64_MIN : zone.at_.back();
    if (!footer.empty() && !expand_zone_rule(footer, from, last_year, zone.at_, zone.offsets_))
      in.fail("has a rule that is not one");
  }
  return zone;
}

size_t TimeZone::search(int64_t seconds) const {
  return size_t(std::upper_bound(at_.begin(), at_.end(), seconds) - at_.begin());
}

std::optional<int64_t> TimeZone::instant_of(int64_t wall) const {
  std::optional<int64_t> found;
  for (size_t i = search(wall - most_offset); i < offsets_.size(); ++i) {
    if (i > 0 && at_[i - 1] > wall + most_offset) break;
    const int64_t instant = wall - offsets_[i];
    const bool within = (i == 0 || at_[i - 1] <= instant) && (i == at_.size() || instant < at_[i]);
    if (!within) continue;
    if (found) return std::nullopt;
    found = instant;
  }
  return found;
}

State TimeZone::save() const {
  State state;
  state.json["name"] = name_;
  state.put<int64_t>("at", at_);
  state.put<int32_t>("offsets", offsets_);
  return state;
}

TimeZone TimeZone::load(const State& state) {
  TimeZone zone;
  zone.name_ = state.at<std::string>("name");
  auto at = state.get<int64_t>("at");
  auto offsets = state.get<int32_t>("offsets");
  bool rising = std::adjacent_find(at.begin(), at.end(), std::greater_equal<>()) == at.end();
  auto far = [](int32_t offset) { return offset <= -most_offset || offset >= most_offset; };
  if (!rising || offsets.size() != at.size() + 1 ||
      std::any_of(offsets.begin(), offsets.end(), far))
    throw Error(Code::corrupt, "a frozen time zone has transitions out of order");
  zone.at_.assign(at.begin(), at.end());
  zone.offsets_.assign(offsets.begin(), offsets.end());
  return zone;
}

}  // namespace gristmill
