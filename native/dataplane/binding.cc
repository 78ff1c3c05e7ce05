#include "dataplane/binding.h"

#include <sys/uio.h>

#include <memory>

#include "dataplane/clock.h"
#include "dataplane/event_binding.h"
#include "dataplane/packet_threads.h"
#include "dataplane/policy_binding.h"
#include "dataplane/sa_binding.h"
#include "dataplane/term_binding.h"
#include "node/guard.h"
#include "node/object_reader.h"
#include "node/poll.h"

namespace rp::dataplane {
namespace {

using node::guard;
using node::ObjectReader;

// new UserspaceDataPlane(options, (ike, events) => void)
class UserspaceDataPlane : public Napi::ObjectWrap<UserspaceDataPlane> {
 public:
  using Self = UserspaceDataPlane;
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "UserspaceDataPlane",
        {InstanceMethod<&Self::addSa>("addSa"), InstanceMethod<&Self::updateSa>("updateSa"),
         InstanceMethod<&Self::deleteSa>("deleteSa"), InstanceMethod<&Self::sa>("sa"),
         InstanceMethod<&Self::flushSas>("flushSas"), InstanceMethod<&Self::setPolicies>("setPolicies"),
         InstanceMethod<&Self::sendIke>("sendIke"), InstanceMethod<&Self::counters>("counters"),
         InstanceMethod<&Self::xdp>("xdp"), InstanceMethod<&Self::close>("close"),
         InstanceAccessor<&Self::deviceIndex>("deviceIndex"), InstanceAccessor<&Self::lacksIpv6>("lacksIpv6"),
         InstanceAccessor<&Self::inputUnfiltered>("inputUnfiltered")});
  }

  explicit UserspaceDataPlane(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    guard(info.Env(), [&] {
      const ObjectReader r(info[0], "");
      Options o;
      o.device = r.string("device");
      o.mtu = static_cast<uint32_t>(r.whole("mtu", 1280, 9000));
      o.ikePort = static_cast<uint16_t>(r.whole("ikePort", 1, 65535));
      o.natPort = static_cast<uint16_t>(r.whole("natPort", 1, 65535));
      o.mark = static_cast<uint32_t>(r.whole("mark", 1, UINT32_MAX));
      o.threads = static_cast<uint32_t>(r.whole("threads", 1, PacketThreads::kMaximum));
      o.pollUs = static_cast<uint32_t>(r.whole("pollUs", 0, 10'000));
      const Napi::Value xdp = r.get("xdp");
      for (uint32_t i = 0; xdp.IsArray() && i < xdp.As<Napi::Array>().Length(); ++i)
        o.xdp.push_back(xdp.As<Napi::Array>().Get(i).ToString());
      const std::string means = r.string("frames");
      if (means != "any" && means != "xdp" && means != "packet") throw ArgumentError("frames: unknown: " + means);
      o.frameMeans = means == "any" ? FrameMeans::kAny : means == "xdp" ? FrameMeans::kXdp : FrameMeans::kPacket;
      if (r.boolean("small")) o.sizes = Sizes::small();
      if (o.natPort == o.ikePort) throw ArgumentError("natPort: the same as ikePort");
      if (!info[1].IsFunction()) throw ArgumentError("listener: not a function");
      thread_ = std::make_unique<PacketThreads>(o);
      listener_ = Napi::Persistent(info[1].As<Napi::Function>());
      context_ = std::make_unique<Napi::AsyncContext>(info.Env(), "routeplane:UserspaceDataPlane");
      poll_ = std::make_unique<node::Poll>(info.Env(), thread_->eventFd(), [this] { ready(); });
    });
  }

 private:
  // Per wake-up, so that a flood of IKE messages leaves the event loop time for others.
  static constexpr uint32_t kIkeBatch = 64, kEventBatch = 256;

  PacketThreads& thread() {
    if (!thread_) throw ClosedError("UserspaceDataPlane");
    return *thread_;
  }

  // xdp(): { interface, active, detail }[]
  Napi::Value xdp(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      std::vector<XdpState> states;
      on([&](PacketThreads& threads) { states = threads.xdp(); });
      auto array = Napi::Array::New(info.Env(), states.size());
      for (uint32_t i = 0; i < states.size(); ++i) {
        auto state = Napi::Object::New(info.Env());
        state.Set("interface", states[i].interface);
        state.Set("active", states[i].active);
        state.Set("detail", states[i].detail);
        array[i] = state;
      }
      return array;
    });
  }

  // Runs `body(threads)` while no packet thread is in the middle of a batch.
  template <class Body>
  void on(Body&& body) {
    PacketThreads& t = thread();
    t.call([&] { body(t); });
  }

  void ready() {
    const Napi::Env env = Env();
    uint64_t value;
    (void)!::read(thread_->eventFd(), &value, sizeof value);
    auto ike = Napi::Array::New(env);
    uint32_t n = 0;
    while (n < kIkeBatch &&
           thread_->popIke([&](const Endpoint& local, const Endpoint& remote, uint32_t length, auto&& copy) {
             const Napi::HandleScope scope(env);
             auto data = Napi::Uint8Array::New(env, length);
             copy(data.Data());
             auto o = Napi::Object::New(env);
             o.Set("local", write(env, local));
             o.Set("remote", write(env, remote));
             o.Set("data", data);
             ike[n++] = o;
           })) {
    }
    auto events = Napi::Array::New(env);
    uint32_t k = 0;
    for (Event e; k < kEventBatch && thread_->pop(e);) {
      const Napi::HandleScope scope(env);
      events[k++] = write(env, e);
    }
    if (n == kIkeBatch || k == kEventBatch) {  // more may be waiting: be called again
      value = 1;
      (void)!::write(thread_->eventFd(), &value, sizeof value);
    }
    // The listener may close this data plane; nothing of it is touched after the call.
    if (n + k > 0) listener_.Value().MakeCallback(env.Global(), {ike, events}, *context_);
  }

  Napi::Value addSa(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      const SaSpec spec = specOf(ObjectReader(info[0], ""), Here(thread().ports()));
      // Keys are expanded here, not while packets wait.
      auto sa = std::make_unique<Sa>(spec, monotonicNs(), realtimeMs());
      on([&](PacketThreads& t) {
        t.sad().add(std::move(sa));
        t.spd().forgetAcquire(spec.reqid);
      });
      return info.Env().Undefined();
    });
  }

  // updateSa(key, change)
  Napi::Value updateSa(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      const SaKey key = keyOf(ObjectReader(info[0], "key"));
      const ObjectReader change(info[1], "change");
      const auto found = [&key](PacketThreads& t) -> Sa& {
        Sa* sa = t.sad().find(key);
        if (sa == nullptr) throw ArgumentError("key: there is no such SA");
        return *sa;
      };
      Direction direction{};
      on([&](PacketThreads& t) { direction = found(t).direction(); });
      if (change.has("lifetime")) {
        const Lifetime lifetime = lifetimeOf(change);
        on([&](PacketThreads& t) { found(t).setLifetime(lifetime); });
      }
      if (!change.has("dst")) return info.Env().Undefined();
      const Outer o = outerOf(change, direction, Here(thread().ports()));
      on([&](PacketThreads& t) {
        t.sad().rekey(key, [&](Sa& s) { s.setEndpoints(o.src, o.dst, o.udp, o.srcPort, o.dstPort); },
                      {key.spi, o.dst, key.protocol});
      });
      return info.Env().Undefined();
    });
  }

  Napi::Value deleteSa(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      const SaKey key = keyOf(ObjectReader(info[0], "key"));
      bool there = false;
      on([&](PacketThreads& t) { there = t.sad().remove(key); });
      return Napi::Boolean::New(info.Env(), there);
    });
  }

  Napi::Value sa(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const SaKey key = keyOf(ObjectReader(info[0], "key"));
      const Napi::Env env = info.Env();
      auto o = Napi::Object::New(env);
      bool there = false;
      uint64_t bytes = 0, packets = 0, sequence = 0, replayErrors = 0, integrityErrors = 0;
      int64_t addedAt = 0, lastUsedAt = 0;
      SaStage stage{};
      on([&](PacketThreads& t) {
        Sa* s = t.sad().find(key);
        if (s == nullptr) return;
        there = true;
        stage = s->age(monotonicNs());
        bytes = s->bytes, packets = s->packets, sequence = s->sequence();
        replayErrors = s->replayErrors, integrityErrors = s->integrityErrors;
        addedAt = s->addedAtMs, lastUsedAt = s->lastUsedAtMs;
      });
      if (!there) return env.Undefined();
      const auto set = [&](const char* name, uint64_t v) { o.Set(name, Napi::BigInt::New(env, v)); };
      set("bytes", bytes);
      set("packets", packets);
      set("sequence", sequence);
      set("replayErrors", replayErrors);
      set("integrityErrors", integrityErrors);
      o.Set("addedAt", Napi::Number::New(env, static_cast<double>(addedAt)));
      o.Set("lastUsedAt", lastUsedAt == 0 ? env.Undefined() : Napi::Number::New(env, static_cast<double>(lastUsedAt)));
      o.Set("state", stage == SaStage::kMature ? "mature" : stage == SaStage::kDying ? "dying" : "dead");
      return o;
    });
  }

  Napi::Value flushSas(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      on([](PacketThreads& t) { t.sad().clear(); });
      return info.Env().Undefined();
    });
  }

  // setPolicies({ policies })
  Napi::Value setPolicies(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      std::vector<Policy> policies;
      ObjectReader(info[0], "").each("policies", [&](const ObjectReader& p) { policies.push_back(policyOf(p)); });
      if (InputFilter* const input = thread().input()) input->replace(policies);
      on([&](PacketThreads& t) { t.spd().replace(std::move(policies)); });
      return info.Env().Undefined();
    });
  }

  // sendIke(local, remote, data): boolean
  Napi::Value sendIke(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      const ObjectReader local(info[0], "local"), remote(info[1], "remote");
      const Address from = addressOf(local, "address");
      const Endpoint to{addressOf(remote, "address"), static_cast<uint16_t>(remote.whole("port", 1, 65535))};
      const auto port = static_cast<uint16_t>(local.whole("port", 1, 65535));
      if (!info[2].IsTypedArray() || info[2].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
        throw ArgumentError("data: not a Uint8Array");
      const auto data = info[2].As<Napi::Uint8Array>();
      const Ports& ports = thread().ports();
      if (port != ports.ikePort() && port != ports.natPort())
        throw ArgumentError("local.port: neither ikePort nor natPort");
      if (from.version != to.address.version) throw ArgumentError("remote.address: not of the IP version of local");
      const bool marked = port == ports.natPort();
      const Port* socket = ports.find(marked ? PortKind::kNatIke : PortKind::kIke, to.address.version);
      if (socket == nullptr) throw UnsupportedError("IPv6");
      // RFC 3948 2.2: four zero bytes tell IKE from ESP. 2.3: a NAT-keepalive is one byte 0xff and has none.
      const bool keepalive = data.ByteLength() == 1 && data.Data()[0] == 0xff;
      uint8_t marker[4] = {};
      const iovec parts[2] = {{marker, marked && !keepalive ? sizeof marker : 0},
                              {const_cast<uint8_t*>(data.Data()), data.ByteLength()}};
      return Napi::Boolean::New(info.Env(), socket->send(from, to, parts));
    });
  }

  // The counters as they stand in memory, readable after close() too: for each packet thread a page of
  // counterPageBytes, 64-bit words in the order of counterNames.
  Napi::Value counters(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      auto* shared = new std::shared_ptr<CounterPages>(thread().counters());
      return Napi::ArrayBuffer::New(
          info.Env(), (*shared)->data(), (*shared)->bytes(),
          [](Napi::Env, void*, std::shared_ptr<CounterPages>* keep) { delete keep; }, shared);
    });
  }

  Napi::Value deviceIndex(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] { return Napi::Number::New(info.Env(), thread().device()); });
  }

  Napi::Value lacksIpv6(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] { return Napi::Boolean::New(info.Env(), thread().ports().lacksIpv6()); });
  }

  // Why packets in the clear to this host are not dropped where policies want protection; '' if they are.
  Napi::Value inputUnfiltered(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] { return Napi::String::New(info.Env(), thread().lacking()); });
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    poll_.reset();
    thread_.reset();
    return info.Env().Undefined();
  }

  std::unique_ptr<PacketThreads> thread_;
  Napi::FunctionReference listener_;
  std::unique_ptr<Napi::AsyncContext> context_;
  std::unique_ptr<node::Poll> poll_;  // goes first: it polls a descriptor of thread_
};

}  // namespace

Napi::Object bind(Napi::Env env) {
  auto exports = Napi::Object::New(env);
  exports.Set("UserspaceDataPlane", UserspaceDataPlane::define(env));
  auto names = Napi::Array::New(env, kCounters);
  for (uint32_t i = 0; i < kCounters; ++i) names[i] = Napi::String::New(env, kCounterNames[i]);
  exports.Set("counterNames", names);
  exports.Set("counterPageBytes", Napi::Number::New(env, sizeof(Counters)));
  exports.Set("ipsecStatistics", Napi::Number::New(env, kIpsecStatistics));
  return exports;
}

}  // namespace rp::dataplane
