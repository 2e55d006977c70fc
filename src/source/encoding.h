// Text of other encodings as UTF-8.
#pragma once

#include <string>

#include "frame/readers.h"

namespace gristmill {

// Code::invalid for a name that iconv(3) does not know: "latin1", "windows-1252", "utf-16", …
void check_encoding(const std::string& encoding);

// The same text in UTF-8. `encoding` "": UTF-8, or UTF-16 where it begins with a byte order mark.
// While it is read, Code::invalid for bytes that the encoding does not have.
ReadBytes as_utf8(ReadBytes in, const std::string& encoding);

}  // namespace gristmill
