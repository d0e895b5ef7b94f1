# Compiles config/quickstart.yml into rtt_config, so that what runs without --config.file and the file that
# users read are one text.
set(RTT_QUICKSTART_FILE ${PROJECT_SOURCE_DIR}/config/quickstart.yml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${RTT_QUICKSTART_FILE})
file(READ ${RTT_QUICKSTART_FILE} RTT_QUICKSTART)
configure_file(${CMAKE_CURRENT_LIST_DIR}/builtin_defaults.cpp.in ${PROJECT_BINARY_DIR}/builtin_defaults.cpp @ONLY)
target_sources(rtt_config PRIVATE ${PROJECT_BINARY_DIR}/builtin_defaults.cpp)
