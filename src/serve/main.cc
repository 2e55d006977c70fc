#include "serve/serve.h"

int main(int argc, char** argv) { return gristmill::serve_main(argc, argv); }
