// Rows of a Parquet file, as the decoders of frame/readers.h give those of other formats.
#pragma once

#include "frame/readers.h"
#include "table/engine.h"

namespace gristmill {

// Types are taken as strictly as those of JSON: whole numbers where integers are due, any number
// where float64 is, times with and without a zone as UTC; all else is Code::invalid. `engine` must
// outlive the reader.
std::unique_ptr<BatchReader> read_parquet(Engine& engine, const std::string& path,
                                          const Expected& expected, const Unknown& unknown);

}  // namespace gristmill
