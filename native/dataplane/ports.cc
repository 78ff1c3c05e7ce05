#include "dataplane/ports.h"

#include "base/error.h"

namespace rp::dataplane {

Ports::Ports(const Options& o, const Ports* first)
    : first_(first), ikePort_(o.ikePort), natPort_(o.natPort), mark_(o.mark), socketBytes_(o.sizes.socketBytes) {
  const auto add = [this](PortKind kind, int version, uint16_t number, Port::Share share = Port::Share::alone) {
    ports_.emplace_back(kind, version, number, mark_, socketBytes_, share);
  };
  for (const int version : {4, 6}) {
    if (first != nullptr) {
      if (first->find(PortKind::kNat, version) != nullptr) add(PortKind::kNat, version, natPort_, Port::Share::further);
      continue;
    }
    try {
      add(PortKind::kIke, version, ikePort_);
    } catch (const UnsupportedError&) {
      lacksIpv6_ = true;
      return;
    }
    // In this order: steer() says which one gets what by it.
    add(PortKind::kNatIke, version, natPort_, Port::Share::first);
    add(PortKind::kNat, version, natPort_, Port::Share::further);
    add(PortKind::kEsp, version, 0);
    add(PortKind::kAh, version, 0);
    add(PortKind::kDirect, version, 0);
  }
}

void Ports::steer(uint32_t threads) const {
  for (const Port& p : ports_)
    if (p.kind() == PortKind::kNatIke) p.steer(threads);
}

const Port* Ports::find(PortKind kind, int version) const {
  for (const Port& p : ports_)
    if (p.kind() == kind && p.version() == version) return &p;
  return first_ == nullptr ? nullptr : first_->find(kind, version);
}

}  // namespace rp::dataplane
