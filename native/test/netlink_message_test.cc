// Netlink encoding and decoding: bounds, acknowledgements, and every record through its own encoder and back.
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "netlink/message.h"
#include "netlink/request.h"
#include "rtnl/monitor.h"
#include "test/check.h"

namespace {

using rp::Address;
using rp::ArgumentError;
using rp::Prefix;
using rp::netlink::Attribute;
using rp::netlink::Attributes;
using rp::netlink::Bytes;
using rp::netlink::Message;
using rp::netlink::nextMessage;
using rp::netlink::Request;
namespace rtnl = rp::rtnl;
using rtnl::Operation;

Message only(Bytes bytes) {
  const auto message = nextMessage(bytes);
  CHECK(message.has_value());
  CHECK(bytes.empty());
  return message.value_or(Message{});
}

void attributesStopAtTheBounds() {
  // Two attributes: type 1 with 2 octets and padding, type 2 with 4.
  const std::vector<uint8_t> good{6, 0, 1, 0, 0xaa, 0xbb, 0, 0, 8, 0, 2, 0, 1, 2, 3, 4};
  const auto count = [](Bytes bytes) {
    int n = 0;
    for ([[maybe_unused]] const Attribute& a : Attributes(bytes)) ++n;
    return n;
  };
  CHECK(count(good) == 2);
  for (size_t length = 0; length < good.size(); ++length) {
    // The padding behind the first attribute may be missing at the end (RFC 3549 2.2).
    const int expected = length < 6 ? 0 : 1;
    CHECK(count(Bytes(good).first(length)) == expected);
  }
  for (const uint8_t length : {0, 1, 3, 17, 255}) {
    auto bad = good;
    bad[0] = length;
    CHECK(count(bad) == 0);
  }
  const Attribute first = *Attributes(good).begin();
  CHECK(first.type == 1 && first.as<uint16_t>() == 0xbbaa && !first.as<uint32_t>());
  CHECK(first.asString().size() == 2);
}

void messagesStopAtTheBounds() {
  const Request request(RTM_GETLINK, 0, rtgenmsg{AF_INET});
  const Bytes whole = request.bytes();
  for (size_t length = 0; length < whole.size(); ++length) {
    Bytes part = whole.first(length);
    CHECK(!nextMessage(part));
  }
  std::vector<uint8_t> lie(whole.begin(), whole.end());
  for (const uint8_t length : {0, 15, 255}) {
    lie[0] = length;
    Bytes bytes = lie;
    CHECK(!nextMessage(bytes));
  }
}

void requestsNameTheirAttributes() {
  Request request(RTM_NEWLINK, NLM_F_CREATE, ifinfomsg{});
  request.putString(NLA(IFLA_IFNAME), "x");
  request.nest(NLA(IFLA_LINKINFO), [&] { request.putString(NLA(IFLA_INFO_KIND), "dummy"); });
  CHECK(std::string(request.attributeAt(32)) == "IFLA_IFNAME");
  CHECK(std::string(request.attributeAt(40)) == "IFLA_LINKINFO");
  CHECK(std::string(request.attributeAt(44)) == "IFLA_INFO_KIND");
  CHECK(std::string(request.attributeAt(36)).empty());
  CHECK(only(request.bytes()).header.nlmsg_len == request.bytes().size());
  const std::vector<uint8_t> big(65532);
  CHECK_THROWS(request.put(NLA(IFLA_ADDRESS), Bytes(big)), ArgumentError, "IFLA_ADDRESS");
}

std::vector<uint8_t> acknowledgement(int32_t error, uint16_t flags, const std::string& text) {
  nlmsgerr body{};
  body.error = error;
  body.msg.nlmsg_len = 40;
  Request request(NLMSG_ERROR, flags, body);
  if ((flags & NLM_F_CAPPED) == 0) {
    for (int i = 0; i < 6; ++i) request.raw(uint32_t{0xffffffff});
  }
  request.putString(NLA(NLMSGERR_ATTR_MSG), text);
  request.put(NLA(NLMSGERR_ATTR_OFFS), uint32_t{32});
  return {request.bytes().begin(), request.bytes().end()};
}

void acknowledgementsCarryTheKernelsText() {
  for (const uint16_t capped : {uint16_t{0}, uint16_t{NLM_F_CAPPED}}) {
    const auto bytes = acknowledgement(-EINVAL, NLM_F_ACK_TLVS | capped, "no such thing");
    const auto ack = rp::netlink::decodeAcknowledgement(only(bytes));
    CHECK(ack && ack->error == EINVAL && ack->extack == "no such thing" && ack->attributeOffset == 32u);
  }
  const auto without = rp::netlink::decodeAcknowledgement(only(acknowledgement(-EPERM, NLM_F_CAPPED, "not announced")));
  CHECK(without && without->error == EPERM && without->extack.empty());
  const auto success = rp::netlink::decodeAcknowledgement(only(acknowledgement(0, NLM_F_CAPPED, "")));
  CHECK(success && success->error == 0);
  const auto lowest = rp::netlink::decodeAcknowledgement(only(acknowledgement(INT32_MIN, NLM_F_CAPPED, "")));
  CHECK(lowest && lowest->error == 0);
  CHECK(!rp::netlink::decodeAcknowledgement(only(Request(RTM_NEWLINK, 0, ifinfomsg{}).bytes())));
}

// Every prefix of a message, its length field made to fit: decoding reads nothing outside (ASan) and gives a record or
// nothing. Attributes of zero length and of the longest are tried at each place too.
void sweep(Bytes whole) {
  for (size_t length = NLMSG_HDRLEN; length <= whole.size(); ++length) {
    // A copy of exactly this size, so that ASan sees the first octet behind it.
    std::vector<uint8_t> part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    rp::store(part.data(), static_cast<uint32_t>(length));
    rtnl::decodeChange(only(part));
    for (size_t at = NLMSG_HDRLEN; at + 1 < length; at += 2) {
      const auto kept = rp::load<uint16_t>(part.data() + at);
      for (const uint16_t value : {uint16_t{0}, uint16_t{4}, uint16_t{0xffff}}) {
        rp::store(part.data() + at, value);
        rtnl::decodeChange(only(part));
      }
      rp::store(part.data() + at, kept);
    }
  }
}

template <class Record>
Record back(const Record& record) {
  const Request request = record.request(Operation::add);
  sweep(request.bytes());
  const auto decoded = Record::decode(only(request.bytes()));
  CHECK(decoded.has_value());
  return decoded.value_or(Record{});
}

void recordsSurviveTheWire() {
  rtnl::Route route;
  route.dst = Prefix::parse("2001:db8::/32", "dst");
  route.src = Prefix::parse("2001:db8:1::/48", "src");
  route.table = 70000;
  route.priority = 7;
  route.mtu = 1400;
  route.nexthops = {{Address::parse("fe80::1", ""), 3, 10, RTNH_F_ONLINK}, {Address::parse("fe80::2", ""), 4, 256, 0}};
  const auto r = back(route);
  CHECK(r.dst == route.dst && r.src == route.src && r.table == 70000u && r.priority == 7u && r.mtu == 1400);
  CHECK(r.protocol == RTPROT_STATIC && r.type == RTN_UNICAST && r.nexthops.size() == 2);
  CHECK(r.nexthops[0].gateway == route.nexthops[0].gateway && r.nexthops[0].flags == RTNH_F_ONLINK);
  CHECK(r.nexthops[1].oif == 4 && r.nexthops[1].weight == 256);

  rtnl::Route via;
  via.dst = Prefix::parse("10.0.0.0/8", "dst");
  via.gateway = Address::parse("fe80::1", "");
  via.oif = 2;
  CHECK(back(via).gateway == via.gateway);

  rtnl::Rule rule;
  rule.src = Prefix::parse("10.1.0.0/16", "src");
  rule.iif = "ether1";
  rule.fwmark = 0;
  rule.fwmask = 0xff;
  rule.invert = true;
  rule.findSource = true;
  rule.table = 1000;
  rule.protocol = 99;
  rule.ipProtocol = 17;
  rule.srcPorts = rtnl::PortRange{1, 65535};
  const auto u = back(rule);
  CHECK(u.family == AF_INET && u.src == rule.src && u.iif == "ether1" && u.fwmark == 0u && u.fwmask == 0xffu);
  CHECK(u.findSource && u.invert && u.table == 1000 && u.protocol == 99 && u.ipProtocol == 17 && u.srcPorts->last == 65535);

  rtnl::InterfaceAddress address;
  address.index = 5;
  address.address = Prefix::parse("10.0.0.1/32", "");
  address.peer = Address::parse("10.0.0.2", "");
  address.label = "ether1:x";
  address.flags = IFA_F_NOPREFIXROUTE;
  address.validSeconds = 100;
  const auto a = back(address);
  CHECK(a.index == 5 && a.address == address.address && a.peer == address.peer && a.label == address.label);
  CHECK(a.flags == IFA_F_NOPREFIXROUTE && a.validSeconds == 100u && a.preferredSeconds == 100u);

  rtnl::Link link;
  link.index = 9;
  link.name = "vlan7";
  link.kind = "vlan";
  link.vlanId = 7;
  link.parent = 2;
  link.macAddress = "02:00:00:00:00:0a";
  link.mtu = 1496;
  const auto l = back(link);
  CHECK(l.name == "vlan7" && l.kind == "vlan" && l.vlanId == 7 && l.parent == 2 && l.mtu == 1496);
  CHECK(l.macAddress == link.macAddress);
}

void whatCannotBeIsRefused() {
  rtnl::Route route;
  CHECK_THROWS(route.request(Operation::add), ArgumentError, "dst");
  route.dst = Prefix::parse("10.0.0.0/8", "dst");
  route.prefsrc = Address::parse("::1", "");
  CHECK_THROWS(route.request(Operation::add), ArgumentError, "prefsrc");
  CHECK_THROWS(rtnl::Rule{}.request(Operation::add), ArgumentError, "family");
  rtnl::Link link;
  CHECK_THROWS(link.request(Operation::add), ArgumentError, "index");
  link.name = "x";
  for (const char* mac : {"1", "02:00:00:00:00:0g", "02-00-00-00-00-01", "02:00:00:00:00:01:02"}) {
    link.macAddress = mac;
    CHECK_THROWS(link.request(Operation::add), ArgumentError, "macAddress");
  }
  for (const char* text : {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "1.2.3/8"}) {
    CHECK_THROWS(Prefix::parse(text, "dst"), ArgumentError, "dst");
  }
}

}  // namespace

int main() {
  attributesStopAtTheBounds();
  messagesStopAtTheBounds();
  requestsNameTheirAttributes();
  acknowledgementsCarryTheKernelsText();
  recordsSurviveTheWire();
  whatCannotBeIsRefused();
  return rp::test::checkFailures();
}
