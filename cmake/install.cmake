# A relocatable tree: bin/ finds lib/gristmill/ beside it.
include(GNUInstallDirs)
install(TARGETS gristmill-serve RUNTIME DESTINATION bin)
if(NOT GRISTMILL_RUNTIME_ONLY)
  install(TARGETS gristmill RUNTIME DESTINATION bin)
  install(FILES $<TARGET_FILE:duckdb> ${LIGHTGBM_LIBRARY} ${DUCKDB_EXTENSIONS} DESTINATION lib/gristmill)
endif()

# As in the repository, so that what the files say of each other holds.
set(doc share/doc/gristmill)
install(FILES README.md LICENSE CHANGELOG.md CONTRIBUTING.md DESTINATION ${doc})
install(DIRECTORY docs DESTINATION ${doc} FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN "*.png")
install(DIRECTORY examples DESTINATION ${doc} PATTERN "demo.sh" EXCLUDE)

# Of what the binaries hold and of what lies beside them.
function(gristmill_license name file)
  install(FILES ${file} DESTINATION ${doc}/licenses RENAME ${name}.txt)
endfunction()
gristmill_license(cli11 /usr/share/doc/libcli11-dev/copyright)
gristmill_license(duckdb ${DEPS}/duckdb/LICENSE)
gristmill_license(flatcc ${flatcc_root}/LICENSE)
gristmill_license(lightgbm ${DEPS}/lightgbm/lightgbm-4.7.0.dist-info/licenses/LICENSE)
gristmill_license(llhttp ${DEPS}/llhttp/vendor/llhttp/LICENSE)
gristmill_license(nanoarrow LICENSE)  # the same text
gristmill_license(nlohmann-json /usr/share/doc/nlohmann-json3-dev/copyright)
gristmill_license(re2 ${carried}/re2/LICENSE)
gristmill_license(utf8proc ${carried}/utf8proc/LICENSE)
