// XFRM messages: every record through its own encoder and back, bounds of every decoder, what cannot be.
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <vector>

#include "base/bytes.h"
#include "test/check.h"
#include "xfrm/event.h"
#include "xfrm/xfrm_netlink.h"

namespace {

// The block to look at when it is given back, and what it was then.
const uint8_t* watched = nullptr;
size_t watchedBytes = 0;
bool wiped = false;

}  // namespace

void operator delete(void* p) noexcept {
  if (watched != nullptr && p == watched) {
    wiped = std::all_of(watched, watched + watchedBytes, [](uint8_t b) { return b == 0; });
    watched = nullptr;
  }
  std::free(p);
}
void operator delete(void* p, size_t) noexcept { operator delete(p); }
void* operator new(size_t bytes) {
  void* p = std::malloc(bytes);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

namespace {

using rp::Address;
using rp::ArgumentError;
using rp::Prefix;
using rp::SecretBytes;
using rp::netlink::Bytes;
using rp::netlink::Message;
using rp::netlink::Request;
namespace xfrm = rp::xfrm;

Message only(Bytes bytes) {
  const auto message = rp::netlink::nextMessage(bytes);
  CHECK(message.has_value());
  return message.value_or(Message{});
}

void decodeAll(const Message& message) {
  xfrm::decodeEvent(message);
  xfrm::SadInfo::decode(message);
  xfrm::SpdInfo::decode(message);
  xfrm::DefaultPolicy::decode(message);
  rp::netlink::decodeAcknowledgement(message);
}

// Every prefix of a message, its length field made to fit, and attribute lengths of none and of too many octets at each
// place: decoding reads nothing outside (ASan) and gives a record or nothing.
void sweep(const Request& request) {
  const Bytes whole = request.bytes();
  for (size_t length = NLMSG_HDRLEN; length <= whole.size(); ++length) {
    std::vector<uint8_t> part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    rp::store(part.data(), static_cast<uint32_t>(length));
    decodeAll(only(part));
    if (length % 4 != 0) continue;
    for (size_t at = NLMSG_HDRLEN; at + 1 < length; at += 4) {
      const auto kept = rp::load<uint16_t>(part.data() + at);
      for (const uint16_t value : {uint16_t{0}, uint16_t{4}, uint16_t{0xffff}}) {
        rp::store(part.data() + at, value);
        decodeAll(only(part));
      }
      rp::store(part.data() + at, kept);
    }
  }
}

SecretBytes key(size_t bytes) {
  SecretBytes k(bytes);
  for (size_t i = 0; i < bytes; ++i) k[i] = static_cast<uint8_t>(i + 1);
  return k;
}

xfrm::Sa someSa() {
  xfrm::Sa sa;
  sa.src = Address::parse("192.0.2.1", "");
  sa.dst = Address::parse("192.0.2.2", "");
  sa.spi = 0x12345678;
  sa.mode = XFRM_MODE_TUNNEL;
  sa.reqid = 7;
  sa.seq = 99;
  sa.flags = XFRM_STATE_ESN | XFRM_STATE_NOPMTUDISC;
  sa.extraFlags = XFRM_SA_XFLAG_DONT_ENCAP_DSCP;
  sa.selector = xfrm::Selector{Prefix::parse("10.1.0.0/16", ""), Prefix::parse("10.2.0.0/16", ""), 6,
                               xfrm::PortMask{1024, 0xfc00},     xfrm::PortMask{443, 0xffff},      3};
  sa.lifetime.softBytes = 1000;
  sa.lifetime.hardBytes = uint64_t{1} << 40;
  sa.lifetime.hardAddSeconds = 3600;
  sa.usage = {500, 5, 1700000000, 1700000001};
  sa.encryption = xfrm::Algorithm{"cbc(aes)", key(32), 0};
  sa.integrity = xfrm::Algorithm{"hmac(sha256)", key(32), 128};
  sa.encapsulation = xfrm::Encapsulation{2, 4500, 1024, Address{}};
  sa.replay.window = 256;
  sa.replay.inbound = (uint64_t{3} << 32) + 5;
  sa.replay.outbound = (uint64_t{2} << 32) + 9;
  sa.replay.bitmap = {1, 2, 3, 4, 5, 6, 7, 8};
  sa.mark = xfrm::Mark{5, 0xff};
  sa.outputMark = xfrm::Mark{6, 0xf};
  sa.ifId = 42;
  sa.offload = xfrm::Offload{9, XFRM_OFFLOAD_INBOUND};
  sa.direction = xfrm::kSaDirectionIn;
  sa.cpu = 1;
  sa.natKeepaliveSeconds = 20;
  sa.tfcPadBytes = 1400;
  return sa;
}

void associationsSurviveTheWire() {
  const xfrm::Sa sa = someSa();
  const Request request = sa.request(XFRM_MSG_NEWSA);
  sweep(request);
  const auto back = xfrm::Sa::decode(only(request.bytes()));
  CHECK(back.has_value());
  if (!back) return;
  CHECK(back->src == sa.src && back->dst == sa.dst && back->spi == sa.spi && back->reqid == 7 && back->seq == 99);
  CHECK(back->flags == sa.flags && back->extraFlags == sa.extraFlags && back->mode == XFRM_MODE_TUNNEL);
  CHECK(back->selector && back->selector->src == sa.selector->src && back->selector->dst == sa.selector->dst);
  CHECK(back->selector->srcPort->port == 1024 && back->selector->srcPort->mask == 0xfc00);
  CHECK(back->selector->dstPort->port == 443 && back->selector->ifindex == 3 && back->selector->protocol == 6);
  CHECK(back->lifetime.softBytes == 1000 && back->lifetime.hardBytes == uint64_t{1} << 40);
  CHECK(back->lifetime.softPackets == 0 && back->lifetime.hardAddSeconds == 3600);
  CHECK(back->encryption->name == "cbc(aes)" && back->encryption->key == sa.encryption->key);
  CHECK(back->integrity->icvBits == 128 && back->integrity->key == sa.integrity->key);
  CHECK(back->encapsulation->srcPort == 4500 && back->encapsulation->dstPort == 1024);
  CHECK(back->replay.esnFormat && back->replay.window == 256 && back->replay.bitmap == sa.replay.bitmap);
  CHECK(back->replay.inbound == sa.replay.inbound && back->replay.outbound == sa.replay.outbound);
  CHECK(back->mark->value == 5 && back->mark->mask == 0xff && back->outputMark->value == 6);
  CHECK(back->outputMark->mask == 0xf && back->ifId == 42 && back->offload->ifindex == 9);
  CHECK(back->direction == xfrm::kSaDirectionIn && back->cpu == 1u && back->natKeepaliveSeconds == 20);
  CHECK(back->tfcPadBytes == 1400);

  xfrm::Sa aead;
  aead.dst = Address::parse("2001:db8::1", "");
  aead.src = Address::parse("2001:db8::2", "");
  aead.aead = xfrm::Algorithm{"rfc4106(gcm(aes))", key(20), 128};
  aead.replay.window = 32;
  const Request small = aead.request(XFRM_MSG_UPDSA);
  sweep(small);
  auto v6 = xfrm::Sa::decode(only(small.bytes()));
  CHECK(v6 && v6->dst == aead.dst && v6->aead->icvBits == 128 && v6->aead->key.size() == 20);
  CHECK(v6 && !v6->replay.esnFormat && v6->replay.window == 32 && !v6->selector);
  if (v6) v6->dropKeys();
  CHECK(v6 && v6->aead->key.empty());
}

void associationsThatCannotBeAreRefused() {
  xfrm::Sa sa;
  CHECK_THROWS(sa.request(XFRM_MSG_NEWSA), ArgumentError, "dst");
  sa.dst = Address::parse("10.0.0.1", "");
  sa.src = Address::parse("::1", "");
  CHECK_THROWS(sa.request(XFRM_MSG_NEWSA), ArgumentError, "src");
  sa.src = Address{};
  sa.encryption = xfrm::Algorithm{std::string(64, 'x'), {}, 0};
  CHECK_THROWS(sa.request(XFRM_MSG_NEWSA), ArgumentError, "name");
  sa.encryption.reset();
  sa.replay.window = 4097;
  CHECK_THROWS(sa.request(XFRM_MSG_NEWSA), ArgumentError, "window");
  xfrm::Selector selector;
  selector.src = Prefix::parse("10.0.0.0/8", "");
  selector.dst = Prefix::parse("::/0", "");
  CHECK_THROWS(selector.toKernel(), ArgumentError, "selector.dst");
}

xfrm::Policy somePolicy() {
  xfrm::Policy policy;
  policy.selector.src = Prefix::parse("2001:db8:1::/48", "");
  policy.selector.dst = Prefix::parse("2001:db8:2::/48", "");
  policy.direction = XFRM_POLICY_FWD;
  policy.priority = 77;
  policy.flags = XFRM_POLICY_LOCALOK;
  policy.templates = {{Address::parse("192.0.2.1", ""), Address::parse("192.0.2.2", ""), 0, IPPROTO_ESP, 3,
                       XFRM_MODE_TUNNEL, XFRM_SHARE_ANY, false},
                      {Address{}, Address{}, 0, IPPROTO_AH, 3, XFRM_MODE_TRANSPORT, XFRM_SHARE_ANY, true}};
  policy.mark = xfrm::Mark{1, 1};
  policy.ifId = 5;
  return policy;
}

void policiesSurviveTheWire() {
  const xfrm::Policy policy = somePolicy();
  const Request request = policy.request(XFRM_MSG_NEWPOLICY);
  sweep(request);
  const auto back = xfrm::Policy::decode(only(request.bytes()));
  CHECK(back && back->selector.src == policy.selector.src && back->direction == XFRM_POLICY_FWD);
  CHECK(back && back->priority == 77 && back->flags == XFRM_POLICY_LOCALOK && back->templates.size() == 2);
  CHECK(back && back->templates[0].dst == policy.templates[0].dst && back->templates[0].reqid == 3);
  CHECK(back && back->templates[1].optional && back->templates[1].protocol == IPPROTO_AH);
  CHECK(back && back->mark->value == 1 && back->ifId == 5);

  xfrm::Policy many = policy;
  many.templates.resize(7);
  CHECK_THROWS(many.request(XFRM_MSG_NEWPOLICY), ArgumentError, "templates");
  CHECK_THROWS(xfrm::Policy{}.request(XFRM_MSG_NEWPOLICY), ArgumentError, "selector");
}

template <class Fixed>
Request event(uint16_t type, const Fixed& fixed) {
  return Request(type, 0, fixed);
}

xfrm_usersa_info infoOf(const xfrm::Sa& sa) {
  return rp::load<xfrm_usersa_info>(sa.request(XFRM_MSG_NEWSA).bytes().data() + NLMSG_HDRLEN);
}

void eventsAreDecoded() {
  xfrm_user_expire expire{};
  expire.state = infoOf(someSa());
  expire.hard = 1;
  const Request e = event(XFRM_MSG_EXPIRE, expire);
  sweep(e);
  const auto expired = xfrm::decodeEvent(only(e.bytes()));
  const auto* x = expired ? std::get_if<xfrm::Expire>(&*expired) : nullptr;
  CHECK(x && x->hard && x->sa.spi == 0x12345678);

  xfrm_user_acquire acquire{};
  acquire.id.proto = IPPROTO_ESP;
  acquire.sel = somePolicy().selector.toKernel();
  acquire.policy.sel = acquire.sel;
  acquire.policy.priority = 12;
  acquire.seq = 4;
  Request a = event(XFRM_MSG_ACQUIRE, acquire);
  const xfrm_user_tmpl tmpl = somePolicy().templates[0].toKernel(AF_INET6);
  a.put(NLA(XFRMA_TMPL), tmpl);
  sweep(a);
  const auto acquired = xfrm::decodeEvent(only(a.bytes()));
  const auto* q = acquired ? std::get_if<xfrm::Acquire>(&*acquired) : nullptr;
  // The outer family is the template's, not the packet's.
  CHECK(q && q->seq == 4 && q->dst.version == 4 && q->policy.priority == 12 && q->policy.templates.size() == 1);

  xfrm_user_mapping mapping{};
  mapping.id.family = AF_INET;
  mapping.id.spi = htonl(300);
  mapping.reqid = 3;
  mapping.new_saddr = xfrm::toXfrm(Address::parse("203.0.113.9", ""));
  mapping.new_sport = htons(1025);
  const Request m = event(XFRM_MSG_MAPPING, mapping);
  sweep(m);
  const auto mapped = xfrm::decodeEvent(only(m.bytes()));
  const auto* n = mapped ? std::get_if<xfrm::Mapping>(&*mapped) : nullptr;
  CHECK(n && n->sa.spi == 300 && n->newAddress.toString() == "203.0.113.9" && n->newPort == 1025);

  // What a deletion says of the SA stands in an attribute, its keys are dropped.
  Request d(XFRM_MSG_DELSA, 0, xfrm_usersa_id{});
  d.put(NLA(XFRMA_SA), infoOf(someSa()));
  xfrm::putEncryption(d, *someSa().encryption);
  sweep(d);
  const auto deleted = xfrm::decodeEvent(only(d.bytes()));
  const auto* s = deleted ? std::get_if<xfrm::SaChanged>(&*deleted) : nullptr;
  CHECK(s && s->change == xfrm::SaChange::kDeleted && s->sa.spi == 0x12345678 && s->sa.encryption->key.empty());

  xfrm::Migrate migrate;
  migrate.policy.selector = somePolicy().selector;
  migrate.steps = {{Address::parse("10.0.0.1", ""), Address::parse("10.0.0.2", ""), Address::parse("10.0.0.3", ""),
                    Address::parse("10.0.0.4", ""), IPPROTO_ESP, XFRM_MODE_TUNNEL, 9}};
  const Request g = migrate.request();
  sweep(g);
  const auto migrated = xfrm::decodeEvent(only(g.bytes()));
  const auto* mg = migrated ? std::get_if<xfrm::Migrate>(&*migrated) : nullptr;
  CHECK(mg && mg->steps.size() == 1 && mg->steps[0].newDst.toString() == "10.0.0.4" && mg->steps[0].reqid == 9);
  CHECK_THROWS(xfrm::Migrate{}.request(), ArgumentError, "steps");

  xfrm::AsyncEvent ae;
  ae.sa = someSa().key();
  ae.replay = someSa().replay;
  ae.replay->esnFormat = true;
  ae.usage = xfrm::Usage{1, 2, 3, 4};
  const Request r = ae.request(XFRM_MSG_NEWAE);
  sweep(r);
  const auto again = xfrm::AsyncEvent::decode(only(r.bytes()));
  CHECK(again && again->sa.spi == ae.sa.spi && again->sa.mark->value == 5 && again->usage->packets == 2);
  CHECK(again && again->replay->inbound == ae.replay->inbound);

  CHECK(!xfrm::decodeEvent(only(Request(XFRM_MSG_GETSADINFO, 0, uint32_t{0}).bytes())));
  // An SA of no family is nothing.
  CHECK(!xfrm::decodeEvent(only(Request(XFRM_MSG_NEWSA, 0, xfrm_usersa_info{}).bytes())));
}

void requestsForgetTheirKeys() {
  const xfrm::Sa sa = someSa();
  {
    const Request request = sa.request(XFRM_MSG_NEWSA);
    const Bytes bytes = request.bytes();
    CHECK(std::ranges::search(bytes, sa.encryption->key).size() == 32);
    watched = bytes.data();
    watchedBytes = bytes.size();
  }
  CHECK(watched == nullptr && wiped);
}

void filtersNarrow() {
  xfrm::SaFilter filter;
  CHECK(filter.matches(someSa()));
  filter.dst = Prefix::parse("192.0.2.0/25", "");
  CHECK(filter.matches(someSa()));
  filter.dst = Prefix::parse("192.0.2.128/25", "");
  CHECK(!filter.matches(someSa()));
  filter.dst = Prefix::parse("::/0", "");
  CHECK(!filter.matches(someSa()));
  xfrm::PolicyFilter policies;
  policies.minimumPriority = 78;
  CHECK(!policies.matches(somePolicy()));
  xfrm::Policy socket = somePolicy();
  socket.direction = 3 + XFRM_POLICY_OUT;
  CHECK(!xfrm::PolicyFilter{}.matches(socket));
}

}  // namespace

int main() {
  associationsSurviveTheWire();
  associationsThatCannotBeAreRefused();
  policiesSurviveTheWire();
  eventsAreDecoded();
  requestsForgetTheirKeys();
  filtersNarrow();
  return rp::test::checkFailures();
}
