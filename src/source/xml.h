// XML as it streams by, element for element; expat does the reading.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "frame/readers.h"

namespace gristmill {

using XmlAttributes = std::map<std::string, std::string, std::less<>>;

// Names come without their namespace's prefix: "sheet", "id" of r:id.
struct XmlHandler {
  virtual ~XmlHandler() = default;
  virtual void begin(std::string_view name, const XmlAttributes& attributes) = 0;
  virtual void end(std::string_view name) = 0;
  virtual void text(std::string_view) {}
};

// Not thread-safe. What a handler throws comes out of more().
class XmlStream {
 public:
  XmlStream(ReadBytes in, XmlHandler& handler);
  ~XmlStream();
  XmlStream(const XmlStream&) = delete;
  XmlStream& operator=(const XmlStream&) = delete;
  // Reads some bytes on; false at the end. Code::invalid, with the line in the message, for what is
  // no XML, and for a document type, which what we read never has.
  bool more();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

void read_xml(ReadBytes in, XmlHandler& handler);  // to its end

}  // namespace gristmill
