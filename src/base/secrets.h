// Texts that must never be shown, kept or logged: passwords of this process.
#pragma once

#include <string>

namespace gristmill {

// From now on without_secrets() takes it out. Thread-safe; "" is no secret.
void remember_secret(const std::string& secret);
// The text with every secret replaced by "***".
std::string without_secrets(std::string text);

}  // namespace gristmill
