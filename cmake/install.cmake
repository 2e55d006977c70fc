# A relocatable tree: bin/ finds lib/gristmill/ beside it.
include(GNUInstallDirs)
install(TARGETS gristmill-serve RUNTIME DESTINATION bin)
if(NOT GRISTMILL_RUNTIME_ONLY)
  install(TARGETS gristmill RUNTIME DESTINATION bin)
  install(FILES $<TARGET_FILE:duckdb> ${LIGHTGBM_LIBRARY} ${DUCKDB_EXTENSIONS} DESTINATION lib/gristmill)
endif()
install(FILES README.md LICENSE CHANGELOG.md DESTINATION share/doc/gristmill)
install(DIRECTORY examples DESTINATION share/gristmill)
