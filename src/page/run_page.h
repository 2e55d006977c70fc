// The report of a run as one HTML file that needs nothing else.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace gristmill {

// `run`: {"run", "started", "ended" (seconds since the Unix epoch), "status", "report" as `run
// --json` prints it, "tasks": [{"kind", "name", "reused", "seconds", "output"}]}. `models`: by
// prediction, what model_facts() found, or {} where it found nothing.
std::string run_page(const std::string& project, const nlohmann::json& run,
                     const nlohmann::json& models);

}  // namespace gristmill
