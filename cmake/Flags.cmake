# SPDX-License-Identifier: Apache-2.0
# Flags of every target, carried by the interface library rbl_flags.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Debug CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g")

if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(CCACHE ccache)
  mark_as_advanced(CCACHE)
  if(CCACHE)
    # What one clone has compiled, the next one finds.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}"
                                    CCACHE_NOHASHDIR=1 ${CCACHE})
  endif()
endif()

add_library(rbl_flags INTERFACE)
target_include_directories(rbl_flags INTERFACE "${PROJECT_SOURCE_DIR}"
                                               "${PROJECT_BINARY_DIR}/generated")
target_compile_options(rbl_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
# No program bears the path that it was built in.
target_compile_options(rbl_flags INTERFACE "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")
# A library that nothing calls is not loaded.
target_link_options(rbl_flags INTERFACE -Wl,--as-needed)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 warns of overlap inside std::string's own operator+ (GCC PR 105329, 105651).
  target_compile_options(rbl_flags INTERFACE -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(rbl_flags INTERFACE -Wthread-safety)
endif()

# CMAKE_UNITY_BUILD: several sources as one compile in half of the time, most of which goes into the
# headers of others. The presets dev and tidy are without, so that each source includes what it uses.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC takes sources that another includes for headers, and warns of what is theirs alone.
  add_compile_options($<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-subobject-linkage>)
endif()

if(RBLWATCH_HARDEN)
  target_compile_options(rbl_flags INTERFACE -fstack-protector-strong -fPIE -U_FORTIFY_SOURCE
                                             -D_FORTIFY_SOURCE=2)
  target_compile_definitions(rbl_flags INTERFACE _GLIBCXX_ASSERTIONS)
  target_link_options(rbl_flags INTERFACE -pie -Wl,-z,relro,-z,now)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|i[3-6]86")
    target_compile_options(rbl_flags INTERFACE -fcf-protection)
  endif()
endif()

if(RBLWATCH_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
  add_compile_options(-fsanitize=${RBLWATCH_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RBLWATCH_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The sanitizers' own branches make GCC see uninitialised values that aren't.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()

if(RBLWATCH_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "RBLWATCH_FUZZ needs clang: cmake --preset fuzz")
  endif()
  target_compile_options(rbl_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(rbl_flags INTERFACE -fsanitize=fuzzer-no-link)
  # A message lies in a larger buffer, where AddressSanitizer sees nothing of a read past its end.
  target_compile_definitions(rbl_flags INTERFACE _GLIBCXX_ASSERTIONS)
endif()

if(RBLWATCH_LTO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Machine code too, so that a dozen test programs link without optimising all of it once more.
    target_compile_options(rbl_flags INTERFACE -ffat-lto-objects)
  endif()
endif()

if(RBLWATCH_TIDY)
  find_program(CLANG_TIDY NAMES clang-tidy-14 clang-tidy REQUIRED)
  mark_as_advanced(CLANG_TIDY)
  set(CMAKE_CXX_CLANG_TIDY ${CLANG_TIDY} --quiet)
endif()
