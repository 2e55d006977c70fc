# Flags that every room shares.
# -ffp-contract=off: a row's answer must not depend on whether it met the vector or the scalar loop.
add_compile_options(-march=x86-64-v3 -mpclmul -ffp-contract=off -fno-math-errno)
add_compile_options(-Wall -Wextra -Werror -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")  # only the fuzz targets; g++ is the judge of warnings
  add_compile_options(-Wno-error)
endif()
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-fdata-sections -ffunction-sections)
  add_link_options(-Wl,--gc-sections)
endif()
add_link_options(-fuse-ld=mold)

set(GRISTMILL_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
if(GRISTMILL_SANITIZE)
  add_compile_options(-fsanitize=${GRISTMILL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # g++ 12 sees bounds broken where a sanitizer's own code stands in the way.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-array-bounds -Wno-stringop-overflow -Wno-maybe-uninitialized)
  endif()
  # The sanitizer's dlopen stands for ours: it searches by DT_RPATH, which is the whole program's.
  add_link_options(-fsanitize=${GRISTMILL_SANITIZE} -Wl,--disable-new-dtags)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(launcher env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
