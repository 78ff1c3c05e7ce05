#include "dataplane/frame_ports.h"

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "dataplane/packet_port.h"
#include "dataplane/xdp_port.h"

namespace rp::dataplane {
namespace {

std::shared_ptr<FrameInterface> made(FrameMeans means, const std::string& name, uint16_t natPort) {
  if (means == FrameMeans::kXdp) return std::make_shared<XdpInterface>(name, natPort);
  return std::make_shared<PacketInterface>(name, natPort);
}

// By which means to try, the best one first.
std::vector<FrameMeans> order(FrameMeans means) {
  if (means != FrameMeans::kAny) return {means};
  return {FrameMeans::kXdp, FrameMeans::kPacket};
}

}  // namespace

FramePorts::FramePorts(const Options& o, size_t index, const FramePorts* first)
    : frames_(o.sizes.xdpFrames),
      threads_(o.threads),
      index_(static_cast<uint32_t>(index)),
      natPort_(o.natPort),
      means_(o.frameMeans),
      first_(first == nullptr) {
  for (const std::string& name : o.xdp) {
    if (first_) {
      open(name);
      continue;
    }
    const auto known = std::ranges::find_if(first->slots_, [&](const Slot& s) { return s.interface->name() == name; });
    if (known == first->slots_.end()) continue;
    try {
      add(known->interface);
    } catch (const SystemError& error) {  // this thread's share is left to the kernel
      if (error.err == ENODEV || error.err == EPERM) throw;
    } catch (const UnsupportedError&) {
    }
  }
  if (ports_.empty() && (first_ || first->ports_.empty())) return;
  hops_ = std::make_unique<rtnl::NextHops>(o.mark);
  follow();
}

void FramePorts::open(const std::string& name) {
  std::string why;
  const auto cannot = [&](const std::exception& error) {
    why += (why.empty() ? "" : "; ") + std::string(error.what());
  };
  for (const FrameMeans means : order(means_)) {
    try {
      add(made(means, name, natPort_));
      const std::string mode = ports_.back()->mode();
      states_.push_back({name, true, why.empty() ? mode : mode + " (" + why + ")"});
      return;
    } catch (const SystemError& error) {
      if (error.err == ENODEV || error.err == EPERM) throw;
      cannot(error);
    } catch (const UnsupportedError& error) {
      cannot(error);
    }
  }
  states_.push_back({name, false, why});
}

void FramePorts::add(const std::shared_ptr<FrameInterface>& interface) {
  const size_t before = ports_.size();
  try {
    const uint32_t count = interface->ports(threads_);
    for (uint32_t i = 0; i < count; ++i) {
      if (i % threads_ != index_) continue;
      ports_.push_back(interface->port(i, threads_, frames_));
      slots_.push_back({interface, i, false});
    }
  } catch (...) {
    ports_.resize(before);
    slots_.resize(before);
    throw;
  }
}

void FramePorts::follow() {
  if (!first_) return;
  std::vector<Address> addresses;
  for (const auto& address : rtnl::RouteNetlink().dump<rtnl::InterfaceAddress>())
    if (address.address) addresses.push_back(address.address->address);
  for (const Slot& slot : slots_) slot.interface->setAddresses(addresses);
}

std::vector<size_t> FramePorts::refresh() {
  const bool addresses = hops_->refresh();
  std::vector<size_t> back;
  for (size_t i = 0; i < ports_.size(); ++i) {
    const std::string name = slots_[i].interface->name();
    if (!ports_[i]->attached()) {
      slots_[i].lost = true;
      setState(name, false, "the interface is gone");
    }
    if (!slots_[i].lost || !first_) continue;
    for (const FrameMeans means : order(means_)) {
      try {
        const auto interface = made(means, name, natPort_);
        auto port = interface->port(slots_[i].port, threads_, frames_);
        setState(name, true, port->mode());
        slots_[i] = {interface, slots_[i].port, false};
        ports_[i] = std::move(port);
        back.push_back(i);
        break;
      } catch (const SystemError&) {  // not yet
      } catch (const UnsupportedError&) {
      }
    }
  }
  try {
    if (addresses || !back.empty()) follow();
  } catch (const SystemError&) {  // the next change is another attempt
  }
  return back;
}

void FramePorts::setState(const std::string& interface, bool active, const std::string& detail) {
  for (XdpState& state : states_)
    if (state.interface == interface) state = {interface, active, detail};
}

bool FramePorts::send(std::span<const uint8_t> packet, const Address& destination, uint64_t nowNs) {
  const rtnl::NextHop* const hop = hops_->find(destination, nowNs);
  if (hop == nullptr) return false;
  for (size_t i = 0; i < ports_.size(); ++i)
    if (!slots_[i].lost && ports_[i]->interfaceIndex() == hop->interface) return ports_[i]->send(packet, *hop);
  return false;
}

size_t FramePorts::flush() {
  size_t lost = 0;
  for (size_t i = 0; i < ports_.size(); ++i)
    if (!slots_[i].lost) lost += ports_[i]->flush();
  return lost;
}

}  // namespace rp::dataplane
