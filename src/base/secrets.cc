#include "base/secrets.h"

#include <mutex>
#include <set>

namespace gristmill {
namespace {

struct Secrets {
  std::mutex mutex;
  std::set<std::string> texts;
};

Secrets& secrets() {
  static Secrets all;
  return all;
}

}  // namespace

void remember_secret(const std::string& secret) {
  if (secret.empty()) return;
  std::lock_guard lock(secrets().mutex);
  secrets().texts.insert(secret);
}

std::string without_secrets(std::string text) {
  std::lock_guard lock(secrets().mutex);
  for (const std::string& secret : secrets().texts) {
    for (size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += 3)
      text.replace(at, secret.size(), "***");
  }
  return text;
}

}  // namespace gristmill
