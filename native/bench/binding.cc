#include "bench/binding.h"

#include <string>

#include "bench/clock.h"
#include "bench/compilers.h"
#include "bench/engines.h"
#include "bench/measurement.h"
#include "bench/traffic.h"
#include "node/guard.h"
#include "node/object_reader.h"
#include "node/typed_array.h"

namespace rp::bench {
namespace {

constexpr uint64_t kMaxBudgetNs = 60'000'000'000;
constexpr size_t kMaxPackets = 4096, kMaxTextBytes = 65536;
constexpr uint32_t kMinTrafficBytes = 48, kMaxTrafficBytes = 9000;

Napi::Value numbers(Napi::Env env, const std::vector<double>& values) {
  auto array = Napi::Float64Array::New(env, values.size());
  for (size_t i = 0; i < values.size(); i++) array[i] = values[i];
  return array;
}

// (spec): nanoseconds of each lot.
Napi::Value measureOf(const Napi::CallbackInfo& info) {
  const node::ObjectReader r(info[0], "");
  MeasurementSpec spec;
  spec.engine = r.string("engine");
  spec.library = r.string("library");
  spec.encryption = crypto::toEncryption(r.string("encryption"));
  spec.encryptionKeyBytes = r.whole("encryptionKeyBytes", 0, 128);
  spec.icvBytes = r.whole("icvBytes", 0, 64);
  spec.integrity = crypto::toIntegrity(r.string("integrity"));
  spec.integrityKeyBytes = r.whole("integrityKeyBytes", 0, 128);
  spec.open = r.boolean("open");
  spec.verify = r.boolean("verify");
  spec.sas = r.whole("sas", 1, kMaxPackets);
  spec.batch = r.whole("batch", 0, kMaxPackets);
  spec.budgetNs = r.whole("budgetNs", 0, kMaxBudgetNs);
  const auto text = node::typedArray<uint32_t>(r.get("textBytes"), "textBytes", 1);
  if (text.size() > kMaxPackets) throw ArgumentError("textBytes: too many packets");
  for (const uint32_t bytes : text) {
    if (bytes > kMaxTextBytes) throw ArgumentError("textBytes: more than " + std::to_string(kMaxTextBytes));
    spec.textBytes.push_back(bytes);
  }
  return numbers(info.Env(), measure(spec));
}

// (library): what can be measured, and why not what cannot.
Napi::Value enginesOf(const Napi::CallbackInfo& info) {
  const auto all = engines(info[0].As<Napi::String>().Utf8Value());
  auto list = Napi::Array::New(info.Env(), all.size());
  for (uint32_t i = 0; i < all.size(); i++) {
    auto o = Napi::Object::New(info.Env());
    o.Set("name", all[i].name);
    o.Set("version", all[i].version);
    o.Set("absent", all[i].absent);
    list.Set(i, o);
  }
  return list;
}

// (nanoseconds): core cycles per nanosecond, of many moments.
Napi::Value spinOf(const Napi::CallbackInfo& info) {
  return numbers(info.Env(), spin(uint64_t(info[0].As<Napi::Number>().Int64Value())));
}

// (spec): what was sent. Blocks until it is over.
Napi::Value trafficOf(const Napi::CallbackInfo& info) {
  const node::ObjectReader r(info[0], "");
  const auto address = [&](const char* name) { return Address::parse(r.string(name), name); };
  TrafficSpec spec;
  const auto list = r.get("hosts");
  if (!list.IsArray()) throw ArgumentError("hosts: not an array");
  const auto hosts = list.As<Napi::Array>();
  for (uint32_t i = 0; i < hosts.Length(); i++)
    spec.hosts.push_back(Address::parse(hosts.Get(i).ToString().Utf8Value(), "hosts"));
  for (const uint32_t bytes : node::typedArray<uint32_t>(r.get("sizes"), "sizes", 1)) {
    if (bytes < kMinTrafficBytes || bytes > kMaxTrafficBytes) throw ArgumentError("sizes: out of range");
    spec.sizes.push_back(bytes);
  }
  if (spec.hosts.empty() || spec.sizes.empty()) throw ArgumentError("hosts or sizes: empty");
  spec.segments = uint32_t(r.whole("segments", 1, 128));
  spec.seconds = r.get("seconds").ToNumber().DoubleValue();
  spec.packetsPerSecond = r.get("packetsPerSecond").ToNumber().DoubleValue();
  spec.local = address("local");
  spec.esp = r.has("esp");
  if (spec.esp) {
    const node::ObjectReader esp = r.object("esp");
    const auto of = [&](const char* name) { return Address::parse(esp.string(name), name); };
    spec.remote = of("remote");
    spec.innerDestination = of("innerDestination");
    spec.spi = uint32_t(esp.whole("spi", 256, UINT32_MAX - kMaxPackets));
    spec.key = uint8_t(esp.whole("key", 0, 255));
    spec.cbc = esp.boolean("cbc");
    if (esp.has("frames")) {
      const node::ObjectReader frames = esp.object("frames");
      spec.interface = frames.string("interface");
      spec.mac = frames.string("mac");
    }
  }
  const Traffic t = sendTraffic(spec);
  auto o = Napi::Object::New(info.Env());
  o.Set("packets", double(t.packets));
  o.Set("bytes", double(t.bytes));
  o.Set("seconds", t.seconds);
  o.Set("cpuSeconds", t.cpuSeconds);
  return o;
}

Napi::Value clockOf(const Napi::CallbackInfo& info) {
  auto o = Napi::Object::New(info.Env());
  o.Set("source", clock().source);
  o.Set("ticksPerNs", clock().ticksPerNs);
  o.Set("overheadNs", clock().overheadTicks / clock().ticksPerNs);
  return o;
}

Napi::Value compilersOf(const Napi::CallbackInfo& info) {
  const auto all = compilers();
  auto list = Napi::Array::New(info.Env(), all.size());
  for (uint32_t i = 0; i < all.size(); i++) {
    auto o = Napi::Object::New(info.Env());
    o.Set("unit", all[i].unit);
    o.Set("version", all[i].version);
    list.Set(i, o);
  }
  return list;
}

}  // namespace

Napi::Object bind(Napi::Env env) {
  auto o = Napi::Object::New(env);
  o.Set("measure", Napi::Function::New<node::guarded<measureOf>>(env));
  o.Set("engines", Napi::Function::New<node::guarded<enginesOf>>(env));
  o.Set("spin", Napi::Function::New<node::guarded<spinOf>>(env));
  o.Set("traffic", Napi::Function::New<node::guarded<trafficOf>>(env));
  o.Set("clock", Napi::Function::New<node::guarded<clockOf>>(env));
  o.Set("compilers", Napi::Function::New<node::guarded<compilersOf>>(env));
  return o;
}

}  // namespace rp::bench
