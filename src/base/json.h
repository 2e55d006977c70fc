// JSON that anybody may have written.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace gristmill {

// Values inside values beyond this are refused: they are copied and written by recursion.
inline constexpr int json_levels_max = 1000;

// Throws nlohmann::json::exception for what is no JSON or nests too deep.
nlohmann::json parse_json(std::string_view text);
// A discarded value instead.
nlohmann::json try_parse_json(std::string_view text);

}  // namespace gristmill
