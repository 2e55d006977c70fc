#include "cli/verb.h"

int main(int argc, char** argv) { return gristmill::command_line(argc, argv); }
