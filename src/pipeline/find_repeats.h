// Repeated rows by the SQL engine, which spills what does not fit in memory.
#pragma once

#include <memory>

#include "clean/rule.h"
#include "table/engine.h"

namespace gristmill {

// `engine` must outlive it.
std::unique_ptr<RepeatFinder> find_repeats(Engine& engine);

}  // namespace gristmill
