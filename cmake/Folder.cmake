# SPDX-License-Identifier: Apache-2.0
# One folder of the house as one static library.

# rbl_folder(NAME [LINKS folder…] [LIBRARIES target…])
#   LINKS      the folders it may include: lower ranks only (tests/structure reads this line)
#   LIBRARIES  other people's libraries; private, for no header of ours shows them
# Sources are all .cpp files of the folder but main.cpp, which belongs to a program.
function(rbl_folder name)
  cmake_parse_arguments(arg "" "" "LINKS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  list(REMOVE_ITEM sources "${CMAKE_CURRENT_SOURCE_DIR}/main.cpp")
  set(links ${arg_LINKS})
  list(TRANSFORM links PREPEND rbl_)
  if(sources)
    add_library(rbl_${name} STATIC ${sources})
    target_link_libraries(rbl_${name} PUBLIC rbl_flags Threads::Threads ${links}
                                      PRIVATE ${arg_LIBRARIES})
  else()
    add_library(rbl_${name} INTERFACE)  # headers only, so far
    target_link_libraries(rbl_${name} INTERFACE rbl_flags Threads::Threads ${links})
  endif()
endfunction()

# rbl_program(NAME FOLDER [LIBRARIES target…]): the program NAME from FOLDER's main.cpp.
function(rbl_program name folder)
  cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
  file(GLOB main CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/main.cpp")
  if(NOT main)
    return()
  endif()
  add_executable(${name} ${main})
  target_link_libraries(${name} PRIVATE rbl_${folder} ${arg_LIBRARIES})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
