#include "source/xml.h"

#include <expat.h>

#include <exception>
#include <vector>

#include <fmt/format.h>

#include "base/progress.h"

namespace gristmill {
namespace {

constexpr int64_t token_max = int64_t(2) << 20;  // bytes of a tag or comment

std::string_view without_prefix(std::string_view name) {
  const size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

}  // namespace

struct XmlStream::Impl {
  Impl(ReadBytes in, XmlHandler& handler)
      : in(std::move(in)), handler(handler), parser(::XML_ParserCreate("UTF-8")) {
    if (parser == nullptr) throw Error(Code::exhausted, "memory ran out");
    ::XML_SetUserData(parser, this);
    ::XML_SetElementHandler(parser, begin, end);
    ::XML_SetCharacterDataHandler(parser, text);
    ::XML_SetStartDoctypeDeclHandler(parser, doctype);
  }
  ~Impl() { ::XML_ParserFree(parser); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // expat is C: nothing may be thrown through it.
  template <class Call>
  static void guarded(void* data, const Call& call) {
    Impl& self = *static_cast<Impl*>(data);
    if (self.failure) return;
    try {
      call(self);
    } catch (...) {
      self.failure = std::current_exception();
      ::XML_StopParser(self.parser, XML_FALSE);
    }
  }
  static void begin(void* data, const char* name, const char** given) {
    guarded(data, [&](Impl& self) {
      self.attributes.clear();
      for (; *given != nullptr; given += 2)
        self.attributes[std::string(without_prefix(given[0]))] = given[1];
      self.handler.begin(without_prefix(name), self.attributes);
    });
  }
  static void end(void* data, const char* name) {
    guarded(data, [&](Impl& self) { self.handler.end(without_prefix(name)); });
  }
  static void text(void* data, const char* text, int size) {
    guarded(data, [&](Impl& self) { self.handler.text({text, size_t(size)}); });
  }
  static void doctype(void* data, const char*, const char*, const char*, int) {
    guarded(data, [](Impl&) { throw Error(Code::invalid, "its XML declares a document type"); });
  }

  ReadBytes in;
  XmlHandler& handler;
  XML_Parser parser;
  XmlAttributes attributes;
  std::exception_ptr failure;
  std::vector<char> bytes = std::vector<char>(size_t(64) << 10);
  int64_t fed = 0;  // bytes
  bool ended = false;
};

XmlStream::XmlStream(ReadBytes in, XmlHandler& handler)
    : impl_(std::make_unique<Impl>(std::move(in), handler)) {}

XmlStream::~XmlStream() = default;

bool XmlStream::more() {
  Impl& impl = *impl_;
  if (impl.ended) return false;
  check_interrupted();
  const size_t got = impl.in(impl.bytes.data(), impl.bytes.size());
  const XML_Status status = ::XML_Parse(impl.parser, impl.bytes.data(), int(got), got == 0);
  if (impl.failure) std::rethrow_exception(impl.failure);
  if (status != XML_STATUS_OK)
    throw Error(Code::invalid, fmt::format("its XML is damaged: {} in line {}",
                                           ::XML_ErrorString(::XML_GetErrorCode(impl.parser)),
                                           ::XML_GetCurrentLineNumber(impl.parser)));
  // expat reads an unfinished token again with each part of it.
  impl.fed += int64_t(got);
  const int64_t done = ::XML_GetCurrentByteIndex(impl.parser);
  if (impl.fed - done > token_max && got > 0)
    throw Error(Code::exhausted, "its XML holds one tag or comment of more than 2 MB");
  impl.ended = got == 0;
  return !impl.ended;
}

void read_xml(ReadBytes in, XmlHandler& handler) {
  XmlStream stream(std::move(in), handler);
  while (stream.more()) {
  }
}

}  // namespace gristmill
