#include "dataplane/term_binding.h"

namespace rp::dataplane {

using node::ObjectReader;

namespace {

PortRange portsOf(const ObjectReader& r, const char* name) {
  const ObjectReader range = r.object(name);
  PortRange ports;
  ports.first = static_cast<uint16_t>(range.whole("first", 0, 65535));
  ports.last = static_cast<uint16_t>(range.whole("last", ports.first, 65535));
  return ports;
}

}  // namespace

esp::Mode modeOf(const ObjectReader& r) {
  return oneOf<esp::Mode>(r, "mode", {{"tunnel", esp::Mode::tunnel}, {"transport", esp::Mode::transport}});
}

Direction directionOf(const ObjectReader& r) {
  return oneOf<Direction>(r, "direction", {{"in", Direction::kIn}, {"out", Direction::kOut}});
}

Address addressOf(const ObjectReader& r, const char* name) {
  return Address::parse(r.string(name), r.at(name).c_str());
}

esp::Protocol protocolNamed(const std::string& name, const std::string& where) {
  for (const auto protocol : {esp::Protocol::esp, esp::Protocol::ah, esp::Protocol::ipcomp})
    if (name == protocolName(protocol)) return protocol;
  throw ArgumentError(where + ": unknown: " + name);
}

esp::Protocol protocolOf(const ObjectReader& r) { return protocolNamed(r.string("protocol"), r.at("protocol")); }

const char* protocolName(esp::Protocol protocol) {
  return protocol == esp::Protocol::esp ? "esp" : protocol == esp::Protocol::ah ? "ah" : "ipcomp";
}

Selector selectorOf(const ObjectReader& r) {
  Selector s;
  s.local = MaskedPrefix::parse(r.string("local"), r.at("local").c_str());
  s.remote = MaskedPrefix::parse(r.string("remote"), r.at("remote").c_str());
  if (s.local.network.version != s.remote.network.version)
    throw ArgumentError(r.at("remote") + ": not of the IP version of local");
  s.protocol = static_cast<uint8_t>(r.whole("protocol", 0, 255));
  s.localPorts = portsOf(r, "localPorts");
  s.remotePorts = portsOf(r, "remotePorts");
  return s;
}

}  // namespace rp::dataplane
