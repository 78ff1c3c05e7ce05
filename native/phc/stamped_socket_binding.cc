#include <algorithm>
#include <cstring>
#include <memory>

#include "node/object_reader.h"
#include "node/poll.h"
#include "node/typed_array.h"
#include "phc/arguments_binding.h"
#include "phc/socket_binding.h"
#include "phc/stamped_socket.h"
#include "phc/time.h"

namespace rp::phc {
namespace {

using node::guard;
using node::ObjectReader;

template <size_t N>
uint32_t word(const ObjectReader& r, const char* name, const char* const (&words)[N]) {
  return wordOf(r.get(name), words, name);
}
const char* const kStampings[] = {"software", "hardware"};
const char* const kTransmitStamps[] = {"none", "wanted", "one-step"};

SocketSpec socketSpec(const Napi::Value& value) {
  const ObjectReader r(value, "");
  SocketSpec s;
  s.interface = r.string("interface");
  s.transport = static_cast<Transport>(word(r, "transport", kTransports));
  s.port = static_cast<uint16_t>(r.wholeOr("port", kEventPort, 1, 65'535));
  s.stamping = static_cast<Stamping>(word(r, "stamping", kStampings));
  const Napi::Value groups = r.get("groups");
  if (!groups.IsArray()) throw ArgumentError("groups: not an array");
  const auto array = groups.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) s.groups.push_back(text(array.Get(i), "groups"));
  s.ttl = static_cast<uint8_t>(r.wholeOr("ttl", 1, 1, 255));
  s.dscp = static_cast<uint8_t>(r.wholeOr("dscp", 0, 0, 63));
  s.priority = static_cast<uint8_t>(r.wholeOr("priority", 0, 0, 15));
  s.warmUp = r.has("warmUp") && r.boolean("warmUp");
  s.beforeBridge = r.has("beforeBridge") && r.boolean("beforeBridge");
  if (r.has("virtualClock")) s.virtualClock = static_cast<int32_t>(r.whole("virtualClock", 0, INT32_MAX));
  return s;
}

// new StampedSocket(spec, { data, meta, stamps }, listener). What comes is written into the arrays of the caller, which
// the listener reads before it returns: listener(kind, count)
//   0  messages: message i is data[i * 2048 ...] of meta[3i] bytes; meta[3i + 1] is 1 if stamps[i] is its stamp;
//      meta[3i + 2] octets of its source are at the end of its 2048, times 65536 its UDP port is added
//   1  stamps: stamps[i] of the message sent with cookie meta[3i]
//   2  the socket failed: it receives no more
class StampedSocketObject : public Napi::ObjectWrap<StampedSocketObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "StampedSocket",
        {InstanceMethod<&StampedSocketObject::send>("send"), InstanceMethod<&StampedSocketObject::drain>("drain"),
         InstanceMethod<&StampedSocketObject::lostStamps>("lostStamps"),
         InstanceMethod<&StampedSocketObject::truncated>("truncated"), InstanceMethod<&StampedSocketObject::ref>("ref"),
         InstanceMethod<&StampedSocketObject::unref>("unref"), InstanceMethod<&StampedSocketObject::close>("close")});
  }
  explicit StampedSocketObject(const Info& info) : ObjectWrap(info) {
    guard(info.Env(), [&] {
      socket_ = std::make_unique<StampedSocket>(socketSpec(info[0]));
      for (const auto& group : {kPrimary, kPeer}) {
        const Napi::Value groups = info[0].As<Napi::Object>().Get("groups");
        const auto array = groups.As<Napi::Array>();
        if (group < array.Length()) to_[group] = socket_->destination(text(array.Get(group), "groups"));
      }
      const ObjectReader arrays(info[1], "arrays");
      data_ = node::typedArray<uint8_t>(arrays.get("data"), "data", StampedSocket::kBatch * kSlotBytes);
      meta_ = node::typedArray<uint32_t>(arrays.get("meta"), "meta", StampedSocket::kBatch * 3);
      stamps_ = node::typedArray<int64_t>(arrays.get("stamps"), "stamps", StampedSocket::kBatch);
      arrays_ = Napi::Persistent(info[1].As<Napi::Object>());
      if (!info[2].IsFunction()) throw ArgumentError("listener: not a function");
      listener_ = Napi::Persistent(info[2].As<Napi::Function>());
      context_ = std::make_unique<Napi::AsyncContext>(info.Env(), "routeplane:StampedSocket");
      poll_ = std::make_unique<node::Poll>(info.Env(), socket_->fd(), [this] { ready(); }, true);
    });
  }

 private:
  static constexpr size_t kSlotBytes = StampedSocket::kMessageBytes;
  static constexpr uint32_t kPrimary = 0, kPeer = 1;
  // Between two goes at the event loop.
  static constexpr int kRounds = 8;
  enum Kind : uint32_t { kMessages = 0, kStamps = 1, kFailed = 2 };

  StampedSocket& socket() {
    if (!socket_) throw ClosedError("StampedSocket");
    return *socket_;
  }

  void tell(Kind kind, uint32_t count) {
    const Napi::Env env = listener_.Env();
    listener_.MakeCallback(env.Global(), {Napi::Number::New(env, kind), Napi::Number::New(env, count)}, *context_);
  }

  // The stamps first: the answer to a message may be there already, and is of no use without its stamp.
  void ready() {
    tellStamps();
    for (int round = 0; round < kRounds && socket_; ++round) {
      uint32_t count = 0;
      size_t received = 0;
      try {
        received = socket_->receive([&](const StampedMessage& m) { put(count++, m); });
      } catch (const SystemError&) {
        poll_.reset();
        tell(kFailed, 0);
        return;
      }
      if (count > 0) tell(kMessages, count);
      if (received < StampedSocket::kBatch) return;
    }
  }

  void put(uint32_t i, const StampedMessage& m) {
    uint8_t* slot = data_.data() + i * kSlotBytes;
    // The last octets of a slot hold the source; a PTP message is never that long.
    const size_t bytes = std::min(m.data.size(), kSlotBytes - 16);
    std::memcpy(slot, m.data.data(), bytes);
    meta_[i * 3] = static_cast<uint32_t>(bytes);
    meta_[i * 3 + 1] = m.stampNs.has_value();
    meta_[i * 3 + 2] =
        static_cast<uint32_t>(sourceOctets(*m.source, slot + kSlotBytes - 16)) + 65'536U * sourcePort(*m.source);
    stamps_[i] = m.stampNs.value_or(0);
  }

  void tellStamps() {
    const auto stamps = socket_->readStamps();
    for (size_t at = 0; at < stamps.size() && socket_; at += StampedSocket::kBatch) {
      const size_t count = std::min(stamps.size() - at, StampedSocket::kBatch);
      for (size_t i = 0; i < count; ++i) {
        meta_[i * 3] = stamps[at + i].cookie;
        stamps_[i] = stamps[at + i].stampNs;
      }
      tell(kStamps, static_cast<uint32_t>(count));
    }
  }

  // send(message, to: 0 | 1 | address, stamp, cookie, timeoutMs): errno or 0
  Napi::Value send(const Info& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const auto stamp = static_cast<TransmitStamp>(wordOf(info[2], kTransmitStamps, "stamp"));
      const uint32_t cookie = whole(info[3], "cookie");
      const int64_t deadline = now(CLOCK_MONOTONIC) + int64_t{whole(info[4], "timeoutMs")} * 1'000'000;
      Destination parsed;
      const Destination* to = &parsed;
      if (info[1].IsNumber()) {
        to = &to_[whole(info[1], "to") & 1];
        if (to->bytes == 0) throw ArgumentError("to: no such group");
      } else {
        parsed = socket().destination(text(info[1], "to"));
      }
      const auto bytes = node::typedArray<uint8_t>(info[0], "message");
      return Napi::Number::New(info.Env(), socket().send(*to, bytes, stamp, cookie, deadline));
    });
  }
  // Hands out the stamps that have come.
  Napi::Value drain(const Info& info) {
    if (socket_) tellStamps();
    return info.Env().Undefined();
  }
  // lostStamps(): { cookies, nextMs }: those that are lost by now, and in how many ms the next would be (-1: none).
  Napi::Value lostStamps(const Info& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const int64_t at = now(CLOCK_MONOTONIC);
      const auto lost = socket().lostStamps(at);
      auto cookies = Napi::Array::New(info.Env(), lost.size());
      for (uint32_t i = 0; i < lost.size(); ++i) cookies[i] = lost[i];
      auto result = Napi::Object::New(info.Env());
      result.Set("cookies", cookies);
      const auto next = socket().nextDeadline();
      result.Set("nextMs", next ? static_cast<double>(*next - at) / 1e6 : -1.0);
      return result;
    });
  }
  Napi::Value truncated(const Info& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      return Napi::Number::New(info.Env(), static_cast<double>(socket().truncated()));
    });
  }
  Napi::Value close(const Info& info) {
    poll_.reset();
    socket_.reset();
    return info.Env().Undefined();
  }
  Napi::Value ref(const Info& info) {
    if (poll_) poll_->ref();
    return info.Env().Undefined();
  }
  Napi::Value unref(const Info& info) {
    if (poll_) poll_->unref();
    return info.Env().Undefined();
  }

  std::unique_ptr<StampedSocket> socket_;
  Destination to_[2];
  std::span<uint8_t> data_;
  std::span<uint32_t> meta_;
  std::span<int64_t> stamps_;
  Napi::ObjectReference arrays_;  // keeps their memory
  Napi::FunctionReference listener_;
  std::unique_ptr<Napi::AsyncContext> context_;
  std::unique_ptr<node::Poll> poll_;  // before socket_ goes: it polls its descriptor
};

}  // namespace

Napi::Function defineStampedSocket(Napi::Env env) { return StampedSocketObject::define(env); }

}  // namespace rp::phc
