#include "xfrm/binding.h"

#include <memory>

#include "node/guard.h"
#include "node/monitor_object.h"
#include "node/record.h"
#include "xfrm/monitor.h"
#include "xfrm/xfrm_netlink.h"

namespace rp::xfrm {
namespace {

using node::guard;
using node::RecordReader;
using node::RecordWriter;

Napi::Array writeRefusals(Napi::Env env, const Refusals& refusals) {
  auto array = Napi::Array::New(env, refusals.size());
  for (uint32_t i = 0; i < refusals.size(); ++i) {
    const Napi::HandleScope scope(env);
    array[i] = refusals[i] ? node::errorValue(env, *refusals[i]) : env.Undefined();
  }
  return array;
}

// Methods take and give plain records; a call throws ClosedError after close().
class XfrmNetlinkObject : public Napi::ObjectWrap<XfrmNetlinkObject> {
 public:
  using Self = XfrmNetlinkObject;
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "XfrmNetlink",
                       {InstanceMethod<&Self::addSa>("addSa"),
                        InstanceMethod<&Self::updateSa>("updateSa"),
                        InstanceMethod<&Self::addSas>("addSas"),
                        InstanceMethod<&Self::deleteSas>("deleteSas"),
                        InstanceMethod<&Self::sa>("sa"),
                        InstanceMethod<&Self::changeSa>("changeSa"),
                        InstanceMethod<&Self::deleteSa>("deleteSa"),
                        InstanceMethod<&Self::flushSas>("flushSas"),
                        InstanceMethod<&Self::dumpSas>("dumpSas"),
                        InstanceMethod<&Self::allocateSpi>("allocateSpi"),
                        InstanceMethod<&Self::addPolicy>("addPolicy"),
                        InstanceMethod<&Self::updatePolicy>("updatePolicy"),
                        InstanceMethod<&Self::addPolicies>("addPolicies"),
                        InstanceMethod<&Self::updatePolicies>("updatePolicies"),
                        InstanceMethod<&Self::deletePolicies>("deletePolicies"),
                        InstanceMethod<&Self::policy>("policy"),
                        InstanceMethod<&Self::deletePolicy>("deletePolicy"),
                        InstanceMethod<&Self::flushPolicies>("flushPolicies"),
                        InstanceMethod<&Self::dumpPolicies>("dumpPolicies"),
                        InstanceMethod<&Self::sadInfo>("sadInfo"),
                        InstanceMethod<&Self::spdInfo>("spdInfo"),
                        InstanceMethod<&Self::setHashThresholds>("setHashThresholds"),
                        InstanceMethod<&Self::defaultPolicy>("defaultPolicy"),
                        InstanceMethod<&Self::setDefaultPolicy>("setDefaultPolicy"),
                        InstanceMethod<&Self::migrate>("migrate"),
                        InstanceMethod<&Self::asyncEvent>("asyncEvent"),
                        InstanceMethod<&Self::setAsyncEvent>("setAsyncEvent"),
                        InstanceMethod<&Self::close>("close")});
  }
  explicit XfrmNetlinkObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    guard(info.Env(), [&] { socket_ = std::make_unique<XfrmNetlink>(); });
  }

 private:
  XfrmNetlink& socket() {
    if (!socket_) throw ClosedError("XfrmNetlink");
    return *socket_;
  }

  // Reads a Record from the first argument, calls `body(socket, record)`, gives back undefined.
  template <class Record, class Body>
  Napi::Value with(const Napi::CallbackInfo& info, const char* what, Body&& body) {
    return guard(info.Env(), [&] {
      const auto record = RecordReader::read<Record>(info[0], what);
      body(socket(), record);
      return info.Env().Undefined();
    });
  }
  template <class Record, class Body>
  Napi::Value batch(const Napi::CallbackInfo& info, const char* what, Body&& body) {
    return guard(info.Env(), [&] {
      const auto records = RecordReader::readAll<Record>(info[0], what);
      return writeRefusals(info.Env(), body(socket(), records));
    });
  }
  template <class Record, class Body>
  Napi::Value remove(const Napi::CallbackInfo& info, const char* what, Body&& body) {
    return guard(info.Env(), [&] {
      const auto record = RecordReader::read<Record>(info[0], what);
      return Napi::Boolean::New(info.Env(), body(socket(), record));
    });
  }
  template <class Body>
  Napi::Value answer(const Napi::CallbackInfo& info, Body&& body) {
    return guard(info.Env(), [&]() -> Napi::Value { return RecordWriter::write(info.Env(), body(socket())); });
  }

  Napi::Value addSa(const Napi::CallbackInfo& info) {
    return with<Sa>(info, "sa", [](XfrmNetlink& s, const Sa& sa) { s.addSa(sa); });
  }
  Napi::Value updateSa(const Napi::CallbackInfo& info) {
    return with<Sa>(info, "sa", [](XfrmNetlink& s, const Sa& sa) { s.updateSa(sa); });
  }
  Napi::Value addSas(const Napi::CallbackInfo& info) {
    return batch<Sa>(info, "sas", [](XfrmNetlink& s, const std::vector<Sa>& sas) { return s.addSas(sas); });
  }
  Napi::Value deleteSas(const Napi::CallbackInfo& info) {
    return batch<SaKey>(info, "keys", [](XfrmNetlink& s, const std::vector<SaKey>& k) { return s.deleteSas(k); });
  }
  // sa(key, withKeys): Sa | undefined
  Napi::Value sa(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      auto found = socket().sa(RecordReader::read<SaKey>(info[0], "key"));
      if (!found) return info.Env().Undefined();
      if (!info[1].ToBoolean()) found->dropKeys();
      return RecordWriter::write(info.Env(), *found);
    });
  }
  // changeSa(key, change)
  Napi::Value changeSa(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      const auto key = RecordReader::read<SaKey>(info[0], "key");
      const auto change = RecordReader::read<SaChangeSpec>(info[1], "change");
      socket().changeSa(key, change);
      return info.Env().Undefined();
    });
  }
  Napi::Value deleteSa(const Napi::CallbackInfo& info) {
    return remove<SaKey>(info, "key", [](XfrmNetlink& s, const SaKey& key) { return s.deleteSa(key); });
  }
  // flushSas({ protocol })
  Napi::Value flushSas(const Napi::CallbackInfo& info) {
    return with<SaFilter>(info, "filter", [](XfrmNetlink& s, const SaFilter& f) { s.flushSas(f.protocol); });
  }
  Napi::Value dumpSas(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      const auto filter = RecordReader::read<SaFilter>(info[0], "filter");
      return RecordWriter::writeAll(info.Env(), socket().dumpSas(filter));
    });
  }
  // allocateSpi(request): Sa
  Napi::Value allocateSpi(const Napi::CallbackInfo& info) {
    return answer(info, [&](XfrmNetlink& s) { return s.allocateSpi(RecordReader::read<SpiRequest>(info[0], "spi")); });
  }

  Napi::Value addPolicy(const Napi::CallbackInfo& info) {
    return with<Policy>(info, "policy", [](XfrmNetlink& s, const Policy& policy) { s.addPolicy(policy); });
  }
  Napi::Value updatePolicy(const Napi::CallbackInfo& info) {
    return with<Policy>(info, "policy", [](XfrmNetlink& s, const Policy& policy) { s.updatePolicy(policy); });
  }
  Napi::Value addPolicies(const Napi::CallbackInfo& info) {
    return batch<Policy>(info, "policies", [](XfrmNetlink& s, const auto& all) { return s.addPolicies(all); });
  }
  Napi::Value updatePolicies(const Napi::CallbackInfo& info) {
    return batch<Policy>(info, "policies", [](XfrmNetlink& s, const auto& all) { return s.updatePolicies(all); });
  }
  Napi::Value deletePolicies(const Napi::CallbackInfo& info) {
    return batch<PolicyKey>(info, "keys", [](XfrmNetlink& s, const auto& all) { return s.deletePolicies(all); });
  }
  // policy(key): Policy | undefined
  Napi::Value policy(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const auto found = socket().policy(RecordReader::read<PolicyKey>(info[0], "key"));
      if (!found) return info.Env().Undefined();
      return RecordWriter::write(info.Env(), *found);
    });
  }
  Napi::Value deletePolicy(const Napi::CallbackInfo& info) {
    return remove<PolicyKey>(info, "key", [](XfrmNetlink& s, const PolicyKey& key) { return s.deletePolicy(key); });
  }
  Napi::Value flushPolicies(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      socket().flushPolicies(XFRM_POLICY_TYPE_MAIN);
      return info.Env().Undefined();
    });
  }
  Napi::Value dumpPolicies(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      const auto filter = RecordReader::read<PolicyFilter>(info[0], "filter");
      return RecordWriter::writeAll(info.Env(), socket().dumpPolicies(filter));
    });
  }

  Napi::Value sadInfo(const Napi::CallbackInfo& info) {
    return answer(info, [](XfrmNetlink& s) { return s.sadInfo(); });
  }
  Napi::Value spdInfo(const Napi::CallbackInfo& info) {
    return answer(info, [](XfrmNetlink& s) { return s.spdInfo(); });
  }
  Napi::Value setHashThresholds(const Napi::CallbackInfo& info) {
    return with<SpdInfo>(info, "thresholds", [](XfrmNetlink& s, const SpdInfo& i) { s.setHashThresholds(i); });
  }
  Napi::Value defaultPolicy(const Napi::CallbackInfo& info) {
    return answer(info, [](XfrmNetlink& s) { return s.defaultPolicy(); });
  }
  Napi::Value setDefaultPolicy(const Napi::CallbackInfo& info) {
    return with<DefaultPolicy>(info, "policy", [](XfrmNetlink& s, const auto& p) { s.setDefaultPolicy(p); });
  }
  Napi::Value migrate(const Napi::CallbackInfo& info) {
    return with<Migrate>(info, "migrate", [](XfrmNetlink& s, const Migrate& m) { s.migrate(m); });
  }
  Napi::Value asyncEvent(const Napi::CallbackInfo& info) {
    return answer(info, [&](XfrmNetlink& s) { return s.asyncEvent(RecordReader::read<AsyncEvent>(info[0], "event")); });
  }
  Napi::Value setAsyncEvent(const Napi::CallbackInfo& info) {
    return with<AsyncEvent>(info, "event", [](XfrmNetlink& s, const AsyncEvent& e) { s.setAsyncEvent(e); });
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    socket_.reset();
    return info.Env().Undefined();
  }

  std::unique_ptr<XfrmNetlink> socket_;
};

Napi::Object writeEvent(Napi::Env env, const Event& event) {
  const auto named = [env](const char* type, const auto& record) {
    Napi::Object o = RecordWriter::write(env, record);
    o.Set("type", type);
    return o;
  };
  const auto changed = [env](const char* type, const char* name, SaChange change, const auto& record) {
    auto o = Napi::Object::New(env);
    o.Set("type", type);
    o.Set("change", change == SaChange::kAdded ? "added" : change == SaChange::kUpdated ? "updated" : "deleted");
    o.Set(name, RecordWriter::write(env, record));
    return o;
  };
  return std::visit(
      [&]<class E>(const E& e) -> Napi::Object {
        if constexpr (std::is_same_v<E, Acquire>) return named("acquire", e);
        if constexpr (std::is_same_v<E, Expire>) return named("expire", e);
        if constexpr (std::is_same_v<E, PolicyExpire>) return named("policy-expire", e);
        if constexpr (std::is_same_v<E, Mapping>) return named("mapping", e);
        if constexpr (std::is_same_v<E, Migrate>) return named("migrate", e);
        if constexpr (std::is_same_v<E, AsyncEvent>) return named("async-event", e);
        if constexpr (std::is_same_v<E, Report>) return named("report", e);
        if constexpr (std::is_same_v<E, SaChanged>) return changed("sa", "sa", e.change, e.sa);
        if constexpr (std::is_same_v<E, PolicyChanged>) return changed("policy", "policy", e.change, e.policy);
        auto o = Napi::Object::New(env);
        if constexpr (std::is_same_v<E, SasFlushed>) {
          RecordWriter writer(env);
          writer.named("protocol", e.protocol, kProtocols);
          o = writer.object();
          o.Set("type", "sas-flushed");
        }
        if constexpr (std::is_same_v<E, PoliciesFlushed>) o.Set("type", "policies-flushed");
        return o;
      },
      event);
}

}  // namespace

Napi::Object bind(Napi::Env env) {
  auto exports = Napi::Object::New(env);
  exports.Set("XfrmNetlink", XfrmNetlinkObject::define(env));
  exports.Set("Monitor", (node::MonitorObject<Monitor, writeEvent>::define(env)));
  return exports;
}

}  // namespace rp::xfrm
