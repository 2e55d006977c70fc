// Serving bundles as a program does: the whole of `gristmill-serve`, and of `gristmill serve`.
#pragma once

#include "serve/options.h"

namespace gristmill {

// Opens the bundles, listens, prints `listening on http://HOST:PORT` to standard output, and
// answers until SIGTERM or SIGINT, which let it finish what was begun; the same one again ends it
// at once. Code::usage, Code::not_found or Code::corrupt (a bundle), Code::unavailable (the port).
void serve_bundles(const ServeOptions& options);

// main() of gristmill-serve: 0 done, 1 failed, 2 used wrongly; errors go to standard error.
int serve_main(int argc, char** argv);

}  // namespace gristmill
