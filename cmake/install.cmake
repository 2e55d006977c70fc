# A relocatable tree: bin/ finds lib/ beside it.
include(GNUInstallDirs)
include(CPack)
