#include "esp/binding.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "crypto/implementation.h"
#include "esp/decapsulate.h"
#include "esp/encapsulate.h"
#include "node/guard.h"
#include "node/object_reader.h"
#include "node/typed_array.h"

namespace rp::esp {
namespace {

using node::guard;
using node::ObjectReader;
using node::typedArray;

template <class E>
E oneOf(const ObjectReader& r, const char* name, std::initializer_list<std::pair<const char*, E>> names) {
  const std::string text = r.string(name);
  for (const auto& [n, value] : names) {
    if (text == n) return value;
  }
  throw ArgumentError(r.at(name) + ": unknown: " + text);
}

SaParameters parametersOf(const ObjectReader& r) {
  SaParameters p;
  p.spi = uint32_t(r.whole("spi", 256, UINT32_MAX));
  if (r.has("protocol")) p.protocol = oneOf<Protocol>(r, "protocol", {{"esp", Protocol::esp}, {"ah", Protocol::ah}});
  p.mode = oneOf<Mode>(r, "mode", {{"tunnel", Mode::tunnel}, {"transport", Mode::transport}});
  p.src = Address::parse(r.string("src"), "src");
  p.dst = Address::parse(r.string("dst"), "dst");
  if (r.has("udp")) {
    const ObjectReader udp = r.object("udp");
    p.udp = true;
    p.srcPort = uint16_t(udp.whole("srcPort", 1, 65535));
    p.dstPort = uint16_t(udp.whole("dstPort", 1, 65535));
  }
  p.esn = r.boolean("esn");
  if (r.has("sequence")) {
    const Napi::Value v = r.get("sequence");
    bool lossless = false;
    if (v.IsBigInt()) p.sequence = v.As<Napi::BigInt>().Uint64Value(&lossless);
    if (!lossless) throw ArgumentError("sequence: not a bigint of 0..2^64-1");
  }
  p.replayWindow = uint32_t(r.wholeOr("replayWindow", ReplayWindow::kDefault, 0, ReplayWindow::kMaximum));
  if (r.has("df")) {
    p.df = oneOf<DfPolicy>(r, "df", {{"copy", DfPolicy::copy}, {"set", DfPolicy::set}, {"clear", DfPolicy::clear}});
  }
  p.ttl = uint8_t(r.wholeOr("ttl", 64, 1, 255));
  if (r.has("dscp")) {
    p.copyDscp = false;
    p.dscp = uint8_t(r.whole("dscp", 0, 63));
  }
  p.suite.encryption = crypto::toEncryption(r.string("encryption"));
  p.suite.icvBytes = uint8_t(r.wholeOr("icvBytes", 16, 0, 255));
  p.suite.integrity = crypto::toIntegrity(r.string("integrity"));
  if (r.has("implementation")) p.suite.implementation = &crypto::implementation(r.string("implementation"));
  // Last, and both before either is looked at: a getter could take the memory away.
  const Napi::Value encryptionKey = r.get("encryptionKey"), integrityKey = r.get("integrityKey");
  p.suite.encryptionKey = r.bytes("encryptionKey", encryptionKey);
  p.suite.integrityKey = r.bytes("integrityKey", integrityKey);
  return p;
}

constexpr napi_type_tag kOutboundTag = {0x9e0d1f3c5b7a4821, 0xa1b2c3d4e5f60718};
constexpr napi_type_tag kInboundTag = {0x9e0d1f3c5b7a4822, 0xa1b2c3d4e5f60719};

// Holds an SA until it is closed; its keys go with it.
template <class Sa, class Self>
class SaObject : public Napi::ObjectWrap<Self> {
 public:
  SaObject(const Napi::CallbackInfo& info, const char* className, const napi_type_tag& tag)
      : Napi::ObjectWrap<Self>(info), name_(className) {
    info.This().template As<Napi::Object>().TypeTag(&tag);
    guard(info.Env(), [&] { sa_ = std::make_unique<Sa>(parametersOf(ObjectReader(info[0], ""))); });
  }
  Sa& sa() const {
    if (!sa_) throw ClosedError(name_);
    return *sa_;
  }
  void release() { sa_.reset(); }

 private:
  const char* name_;
  std::unique_ptr<Sa> sa_;
};

class OutboundObject : public SaObject<OutboundSa, OutboundObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "OutboundSa",
        {InstanceMethod<&OutboundObject::sequence>("sequence"), InstanceMethod<&OutboundObject::sizes>("sizes"),
         InstanceMethod<&OutboundObject::maximumPayload>("maximumPayload"),
         InstanceMethod<&OutboundObject::close>("close")});
  }
  explicit OutboundObject(const Napi::CallbackInfo& info) : SaObject(info, "OutboundSa", kOutboundTag) {}

 private:
  void close(const Napi::CallbackInfo&) { release(); }
  Napi::Value sequence(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value { return Napi::BigInt::New(info.Env(), sa().sequence()); });
  }
  Napi::Value sizes(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      auto o = Napi::Object::New(info.Env());
      o.Set("headBytes", sa().headBytes());
      o.Set("tailBytes", sa().tailBytes());
      o.Set("outerBytes", sa().outerBytes());
      return o;
    });
  }
  Napi::Value maximumPayload(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const double mtu = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
      if (!(mtu >= 0 && mtu <= 65535)) throw ArgumentError("mtu: not a number of 0..65535");
      return Napi::Number::New(info.Env(), sa().maximumPayload(uint32_t(mtu)));
    });
  }
};

class InboundObject : public SaObject<InboundSa, InboundObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "InboundSa",
        {InstanceMethod<&InboundObject::highest>("highest"), InstanceMethod<&InboundObject::close>("close")});
  }
  explicit InboundObject(const Napi::CallbackInfo& info) : SaObject(info, "InboundSa", kInboundTag) {}

 private:
  void close(const Napi::CallbackInfo&) { release(); }
  Napi::Value highest(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value { return Napi::BigInt::New(info.Env(), sa().window().highest()); });
  }
};

template <class Object>
auto& saOf(const Napi::Value& value, const napi_type_tag& tag) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&tag)) throw ArgumentError("sa: not an SA");
  return Object::Unwrap(value.As<Napi::Object>())->sa();
}

// Slots of `stride` bytes: a packet may grow to either end of its own and no further.
struct Slots {
  std::span<uint8_t> arena;
  uint32_t stride;
  size_t count;
  std::span<uint32_t> offsets, lengths;
  std::span<uint8_t> status;
  std::span<uint64_t> sequences;

  // (sa or array, arena, stride, count, offsets, lengths, status, sequences, outer)
  explicit Slots(const Napi::CallbackInfo& info)
      : arena(typedArray<uint8_t>(info[1], "arena")),
        stride(whole(info[2], "stride")),
        count(whole(info[3], "count")),
        offsets(typedArray<uint32_t>(info[4], "offsets", count)),
        lengths(typedArray<uint32_t>(info[5], "lengths", count)),
        status(typedArray<uint8_t>(info[6], "status", count)),
        sequences(typedArray<uint64_t>(info[7], "sequences", count)) {
    if (uint64_t(stride) * count > arena.size()) throw ArgumentError("count: beyond the arena");
    for (size_t i = 0; i < count; i++) check(i, offsets[i], lengths[i]);
  }
  static uint32_t whole(const Napi::Value& value, const char* name) {
    const double d = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
    if (!(d >= 0 && d <= UINT32_MAX) || d != std::floor(d))
      throw ArgumentError(std::string(name) + ": not a whole number");
    return uint32_t(d);
  }
  // Looks at the numbers again as it takes them: in shared memory another thread may have written others.
  template <class Packet>
  void take(size_t i, Packet& p) const {
    p.headroom = offsets[i];
    p.length = lengths[i];
    check(i, p.headroom, p.length);
    p.data = arena.data() + i * stride + p.headroom;
    if constexpr (requires { p.tailroom; }) p.tailroom = stride - p.headroom - p.length;
  }
  void check(size_t i, uint32_t offset, uint32_t length) const {
    if (uint64_t(offset) + length > stride) {
      throw ArgumentError("offsets[" + std::to_string(i) + "]: the packet leaves its slot");
    }
  }
  template <class Packet>
  void give(size_t i, const Packet& p) const {
    status[i] = uint8_t(p.status);
    sequences[i] = p.sequence;
    if (p.status != Status::ok) return;
    offsets[i] = uint32_t(p.data - (arena.data() + i * stride));
    lengths[i] = p.length;
  }
};

// Runs `body(first, packets)` over chunks of packets that have their SAs; returns how many are ok.
template <class Packet, class Object, class Body>
Napi::Value inChunks(const Napi::CallbackInfo& info, const napi_type_tag& tag, Body body) {
  const Slots slots(info);
  const bool many = info[0].IsArray();
  const auto list = many ? info[0].As<Napi::Array>() : Napi::Array();
  if (many && list.Length() < slots.count) throw ArgumentError("sa: fewer SAs than packets");
  auto* const one = many ? nullptr : &saOf<Object>(info[0], tag);
  constexpr size_t kChunk = 64;
  uint32_t good = 0;
  for (size_t first = 0; first < slots.count; first += kChunk) {
    const size_t n = std::min(kChunk, slots.count - first);
    Packet packets[kChunk];
    for (size_t i = 0; i < n; i++) {
      slots.take(first + i, packets[i]);
      packets[i].sa = many ? &saOf<Object>(list.Get(uint32_t(first + i)), tag) : one;
    }
    body(std::span(packets, n));
    for (size_t i = 0; i < n; i++) {
      slots.give(first + i, packets[i]);
      good += packets[i].status == Status::ok;
    }
  }
  return Napi::Number::New(info.Env(), good);
}

Napi::Value encapsulateSlots(const Napi::CallbackInfo& info) {
  const bool outer = info[8].ToBoolean();
  return inChunks<OutboundPacket, OutboundObject>(info, kOutboundTag, [outer](std::span<OutboundPacket> packets) {
    encapsulate(packets);
    if (!outer) return;
    for (OutboundPacket& p : packets) prependOuterHeader(p);
  });
}

Napi::Value decapsulateSlots(const Napi::CallbackInfo& info) {
  const bool outer = info[8].ToBoolean();
  return inChunks<InboundPacket, InboundObject>(info, kInboundTag, [outer](std::span<InboundPacket> packets) {
    if (!outer) return decapsulate(packets);
    // The malformed are left out of the batch, which keeps its order.
    InboundPacket whole[64];
    size_t where[64], n = 0;
    for (size_t i = 0; i < packets.size(); i++) {
      stripOuterHeader(packets[i]);
      if (packets[i].status != Status::ok) continue;
      where[n] = i;
      whole[n++] = packets[i];
    }
    decapsulate({whole, n});
    for (size_t i = 0; i < n; i++) packets[where[i]] = whole[i];
  });
}

}  // namespace

Napi::Object bind(Napi::Env env) {
  auto o = Napi::Object::New(env);
  o.Set("OutboundSa", OutboundObject::define(env));
  o.Set("InboundSa", InboundObject::define(env));
  o.Set("encapsulate", Napi::Function::New<node::guarded<encapsulateSlots>>(env));
  o.Set("decapsulate", Napi::Function::New<node::guarded<decapsulateSlots>>(env));
  auto statuses = Napi::Array::New(env, kStatuses);
  for (uint32_t i = 0; i < kStatuses; i++) statuses.Set(i, name(Status(i)));
  o.Set("statuses", statuses);
  return o;
}

}  // namespace rp::esp
