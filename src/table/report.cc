#include "table/version.h"
namespace gristmill {
nlohmann::json QueryReport::json() const { return {}; }
QueryReport report_query(Engine&, const std::string&) { return {}; }
}  // namespace gristmill
