// utf8proc, as DuckDB carries it, under a namespace of our own: see cmake/dependencies.cmake.
#pragma once

#define duckdb gristmill_utf8proc
#include <utf8proc.hpp>
#undef duckdb
