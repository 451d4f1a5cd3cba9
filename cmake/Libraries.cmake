# SPDX-License-Identifier: Apache-2.0
# The libraries of others, each as Debian 12 ships it. Who may use which stands
# in the CMakeLists.txt of the folder that does, and is held by tests/structure.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# rbl_library(NAME MODULE): the pkg-config module as the target PkgConfig::NAME.
macro(rbl_library name module)
  pkg_check_modules(${name} REQUIRED QUIET IMPORTED_TARGET ${module})
endmacro()

rbl_library(cli11 CLI11)
rbl_library(crypto libcrypto)
rbl_library(curl libcurl)
rbl_library(idn2 libidn2)
rbl_library(json nlohmann_json)
rbl_library(ldns ldns)
rbl_library(microhttpd libmicrohttpd)
rbl_library(prometheus prometheus-cpp-core)
rbl_library(psl libpsl)
rbl_library(spdlog spdlog)
rbl_library(sqlite sqlite3)
rbl_library(systemd libsystemd)
rbl_library(toml tomlplusplus)

find_path(TL_EXPECTED tl/expected.hpp REQUIRED)  # header only, without a module
mark_as_advanced(TL_EXPECTED)
