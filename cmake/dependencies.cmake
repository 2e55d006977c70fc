# Third-party libraries as imported or compiled targets; scripts/setup.sh put the files in place.
set(DEPS ${CMAKE_SOURCE_DIR}/build/deps)
if(NOT EXISTS ${DEPS}/.stamp)
  message(FATAL_ERROR "run `make setup` first: ${DEPS} is not there")
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
if(NOT GRISTMILL_RUNTIME_ONLY OR GRISTMILL_FUZZ)
  pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
  pkg_check_modules(expat REQUIRED IMPORTED_TARGET expat)
endif()
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(lz4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)

# Compiled C sources: third-party code answers to its own warnings, not to ours.
function(gristmill_third_party name)
  add_library(${name} STATIC ${ARGN})
  target_compile_options(${name} PRIVATE -w)
endfunction()

gristmill_third_party(llhttp
  ${DEPS}/llhttp/vendor/llhttp/src/api.c
  ${DEPS}/llhttp/vendor/llhttp/src/http.c
  ${DEPS}/llhttp/vendor/llhttp/src/llhttp.c)
target_include_directories(llhttp SYSTEM PUBLIC ${DEPS}/llhttp/vendor/llhttp/include)

file(GLOB flatcc_root ${DEPS}/nanoarrow/subprojects/flatcc-*)
set(nanoarrow_src ${DEPS}/nanoarrow/subprojects/arrow-nanoarrow/src)
set(NANOARROW_VERSION_MAJOR 0)
set(NANOARROW_VERSION_MINOR 9)
set(NANOARROW_VERSION_PATCH 0)
set(NANOARROW_VERSION "0.9.0")
set(NANOARROW_NAMESPACE_DEFINE "// no namespace")
configure_file(${nanoarrow_src}/nanoarrow/nanoarrow_config.h.in
  ${CMAKE_BINARY_DIR}/nanoarrow/nanoarrow/nanoarrow_config.h)
file(GLOB nanoarrow_files ${nanoarrow_src}/nanoarrow/common/*.c
  ${nanoarrow_src}/nanoarrow/ipc/decoder.c ${nanoarrow_src}/nanoarrow/ipc/encoder.c
  ${nanoarrow_src}/nanoarrow/ipc/codecs.c ${nanoarrow_src}/nanoarrow/ipc/reader.c
  ${nanoarrow_src}/nanoarrow/ipc/writer.c)
gristmill_third_party(nanoarrow ${nanoarrow_files}
  ${flatcc_root}/src/runtime/builder.c ${flatcc_root}/src/runtime/emitter.c
  ${flatcc_root}/src/runtime/refmap.c ${flatcc_root}/src/runtime/verifier.c)
target_include_directories(nanoarrow SYSTEM PUBLIC ${nanoarrow_src} ${CMAKE_BINARY_DIR}/nanoarrow
  PRIVATE ${flatcc_root}/include)
target_compile_definitions(nanoarrow PRIVATE NANOARROW_IPC_WITH_ZSTD NANOARROW_IPC_WITH_LZ4)
target_link_libraries(nanoarrow PRIVATE PkgConfig::lz4 PkgConfig::zstd)

# As DuckDB has them, so that expressions mean what they mean there; the namespace is our own, since
# libduckdb.so exports the same names. Linked in, so that a bundle answers alike wherever it runs.
set(carried ${DEPS}/duckdb/external/duckdb/third_party)
gristmill_third_party(utf8proc ${carried}/utf8proc/utf8proc.cpp)
target_include_directories(utf8proc SYSTEM PUBLIC ${carried}/utf8proc/include)
target_compile_definitions(utf8proc PRIVATE duckdb=gristmill_utf8proc)
file(GLOB re2_files ${carried}/re2/re2/*.cc ${carried}/re2/util/*.cc)
gristmill_third_party(re2 ${re2_files})
target_include_directories(re2 SYSTEM PUBLIC ${carried}/re2)
target_compile_definitions(re2 PRIVATE duckdb_re2=gristmill_re2)

if(NOT GRISTMILL_RUNTIME_ONLY)
  add_library(duckdb SHARED IMPORTED)
  set_target_properties(duckdb PROPERTIES IMPORTED_LOCATION ${DEPS}/duckdb/libduckdb.so)
  target_include_directories(duckdb SYSTEM INTERFACE ${DEPS}/duckdb/external/duckdb/src/include)
  target_compile_definitions(duckdb INTERFACE DUCKDB_API_NO_DEPRECATED)
  file(GLOB DUCKDB_EXTENSIONS ${DEPS}/duckdb_extensions/*.duckdb_extension)

  # Loaded when a model is trained, not linked: found by the program's search path.
  add_library(lightgbm INTERFACE)
  target_include_directories(lightgbm SYSTEM INTERFACE ${DEPS}/lightgbm_headers/include)
  set(LIGHTGBM_LIBRARY ${DEPS}/lightgbm/lightgbm/lib/lib_lightgbm.so)
  list(APPEND CMAKE_BUILD_RPATH ${DEPS}/lightgbm/lightgbm/lib)
endif()
