#include "pipeline/check_baseline.h"

namespace gristmill {

nlohmann::json CheckBaseline::document(const std::string& ref) {
  const auto refs = ledger_.refs();
  auto found = refs.find(ref);
  if (found == refs.end() || !store_.complete(found->second)) return nullptr;
  return nlohmann::json::parse(store_.read(found->second));
}

nlohmann::json CheckBaseline::read(const Digest& version) {
  for (const std::string& ref : {name_, before()}) {
    nlohmann::json measured = document(ref);
    if (!measured.is_null() && measured.at("table") != version.hex()) return measured;
  }
  return nullptr;
}

void CheckBaseline::accept(const Digest& version, const Digest& measured) {
  const nlohmann::json last = document(name_);
  // Killed between the two, one version stands twice: it is the newest all the same.
  if (!last.is_null() && last.at("table") != version.hex())
    ledger_.set_ref(before(), ledger_.refs().at(name_));
  ledger_.set_ref(name_, measured);
}

}  // namespace gristmill
