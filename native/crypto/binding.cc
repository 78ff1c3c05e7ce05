#include "crypto/binding.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "crypto/aead.h"
#include "crypto/capability.h"
#include "crypto/cbc_cipher.h"
#include "crypto/implementation.h"
#include "crypto/suite.h"
#include "node/guard.h"
#include "node/object_reader.h"
#include "node/typed_array.h"

namespace rp::crypto {
namespace {

// Exactly one load, of memory that another thread may write to: what was checked is what is used.
template <class T>
T once(const T& shared) {
  return *static_cast<const volatile T*>(&shared);
}

using node::guard;
using node::ObjectReader;
using node::typedArray;
using node::wantApart;

SuiteSpec suiteSpecOf(const ObjectReader& r) {
  SuiteSpec spec;
  spec.encryption = toEncryption(r.string("encryption"));
  spec.encryptionKey = r.bytes("encryptionKey");
  spec.icvBytes = uint8_t(r.wholeOr("icvBytes", 16, 0, 255));
  spec.integrity = toIntegrity(r.string("integrity"));
  spec.integrityKey = r.bytes("integrityKey");
  if (r.has("implementation")) spec.implementation = &implementation(r.string("implementation"));
  return spec;
}

class SuiteObject : public Napi::ObjectWrap<SuiteObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Suite",
                       {InstanceMethod<&SuiteObject::seal>("seal"), InstanceMethod<&SuiteObject::open>("open"),
                        InstanceMethod<&SuiteObject::sizes>("sizes"), InstanceMethod<&SuiteObject::close>("close")});
  }
  explicit SuiteObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    guard(info.Env(), [&] { suite_ = std::make_unique<Suite>(suiteSpecOf(ObjectReader(info[0], ""))); });
  }

 private:
  const Suite& suite() const {
    if (!suite_) throw ClosedError("Suite");
    return *suite_;
  }

  // (arena, aadBytes, offsets, textBytes, sequenceHigh or undefined, ok, count): the number of messages that are ok.
  template <class Run>
  Napi::Value batch(const Napi::CallbackInfo& info, Run run) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const Suite& s = suite();
      const auto arena = typedArray<uint8_t>(info[0], "arena");
      const uint32_t aadBytes = info[1].As<Napi::Number>().Uint32Value();
      const size_t count = info[6].As<Napi::Number>().Uint32Value();
      const auto offsets = typedArray<uint32_t>(info[2], "offsets", count);
      const auto textBytes = typedArray<uint32_t>(info[3], "textBytes", count);
      const bool esn = !info[4].IsUndefined();
      const auto high = esn ? typedArray<uint32_t>(info[4], "sequenceHigh", count) : std::span<uint32_t>();
      const auto ok = typedArray<uint8_t>(info[5], "ok", count);
      wantApart("ok", ok, "the arena", arena);
      for (const auto& out : {std::pair{"the arena", arena}, {"ok", ok}}) {
        wantApart("offsets", offsets, out.first, out.second);
        wantApart("textBytes", textBytes, out.first, out.second);
        wantApart("sequenceHigh", high, out.first, out.second);
      }
      if (esn && aadBytes != 8) throw ArgumentError("aadBytes: 8 with sequenceHigh");

      const auto operationOf = [&](size_t i) {
        const uint32_t offset = once(offsets[i]), text = once(textBytes[i]);
        const uint64_t end = uint64_t(offset) + aadBytes + s.ivBytes() + text + s.icvBytes();
        if (end > arena.size()) throw ArgumentError("offsets[" + std::to_string(i) + "]: beyond the arena");
        Operation o;
        o.suite = &s;
        o.message.data = arena.data() + offset;
        o.message.aadBytes = aadBytes;
        o.message.textBytes = text;
        o.message.esn = esn;
        if (esn) o.message.sequenceHigh = high[i];
        return o;
      };
      // All are looked at before the first is touched.
      for (size_t i = 0; i < count; i++) operationOf(i);
      uint32_t good = 0;
      constexpr size_t kChunk = 64;
      Operation operations[kChunk];
      for (size_t first = 0; first < count; first += kChunk) {
        const size_t n = std::min(kChunk, count - first);
        for (size_t i = 0; i < n; i++) operations[i] = operationOf(first + i);
        run(std::span(operations, n));
        for (size_t i = 0; i < n; i++) good += ok[first + i] = operations[i].ok;
      }
      return Napi::Number::New(info.Env(), good);
    });
  }
  Napi::Value seal(const Napi::CallbackInfo& info) {
    return batch(info, [](std::span<Operation> o) { crypto::seal(o); });
  }
  Napi::Value open(const Napi::CallbackInfo& info) {
    return batch(info, [](std::span<Operation> o) { crypto::open(o); });
  }

  Napi::Value sizes(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      auto o = Napi::Object::New(info.Env());
      o.Set("ivBytes", suite().ivBytes());
      o.Set("icvBytes", suite().icvBytes());
      o.Set("blockBytes", suite().blockBytes());
      o.Set("implementation", name(suite().implementation()));
      return o;
    });
  }
  void close(const Napi::CallbackInfo&) { suite_.reset(); }

  std::unique_ptr<Suite> suite_;
};

class AeadObject : public Napi::ObjectWrap<AeadObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Aead",
        {InstanceMethod<&AeadObject::run<true>>("seal"), InstanceMethod<&AeadObject::run<false>>("open"),
         InstanceMethod<&AeadObject::implementation>("implementation"), InstanceMethod<&AeadObject::close>("close")});
  }
  explicit AeadObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    guard(info.Env(), [&] {
      const ObjectReader r(info[0], "");
      const Implementation* wanted =
          r.has("implementation") ? &crypto::implementation(r.string("implementation")) : nullptr;
      aead_ = std::make_unique<Aead>(r.string("algorithm"), r.bytes("key"), r.wholeOr("tagBytes", 16, 0, 255), wanted);
    });
  }

 private:
  const Aead& aead() const {
    if (!aead_) throw ClosedError("Aead");
    return *aead_;
  }

  // (arena, offsets, textBytes, nonces, aad, aadEnds, ok, count): the number of messages that are ok. The associated
  // data of message i is aad[aadEnds[i - 1], aadEnds[i]).
  template <bool kSeal>
  Napi::Value run(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const Aead& a = aead();
      const auto arena = typedArray<uint8_t>(info[0], "arena");
      const size_t count = info[7].As<Napi::Number>().Uint32Value();
      const auto offsets = typedArray<uint32_t>(info[1], "offsets", count);
      const auto textBytes = typedArray<uint32_t>(info[2], "textBytes", count);
      const auto nonces = typedArray<uint8_t>(info[3], "nonces", count * Aead::kNonceBytes);
      const auto aad = typedArray<uint8_t>(info[4], "aad");
      const auto aadEnds = typedArray<uint32_t>(info[5], "aadEnds", count);
      const auto ok = typedArray<uint8_t>(info[6], "ok", count);
      wantApart("ok", ok, "the arena", arena);
      for (const auto& out : {std::pair{"the arena", arena}, {"ok", ok}}) {
        wantApart("offsets", offsets, out.first, out.second);
        wantApart("textBytes", textBytes, out.first, out.second);
        wantApart("nonces", nonces, out.first, out.second);
        wantApart("aad", aad, out.first, out.second);
        wantApart("aadEnds", aadEnds, out.first, out.second);
      }
      const auto messageOf = [&](size_t i) {
        const uint32_t offset = once(offsets[i]), text = once(textBytes[i]);
        const uint32_t first = i == 0 ? 0 : once(aadEnds[i - 1]), end = once(aadEnds[i]);
        if (uint64_t(offset) + text + a.tagBytes() > arena.size()) {
          throw ArgumentError("offsets[" + std::to_string(i) + "]: beyond the arena");
        }
        if (first > end || end > aad.size()) {
          throw ArgumentError("aadEnds[" + std::to_string(i) + "]: beyond the associated data");
        }
        return AeadInput{nonces.data() + i * Aead::kNonceBytes, aad.subspan(first, end - first), arena.data() + offset,
                         text};
      };
      // All are looked at before the first is touched.
      for (size_t i = 0; i < count; i++) messageOf(i);
      uint32_t good = 0;
      for (size_t i = 0; i < count; i++) {
        bool done = true;
        if constexpr (kSeal) {
          a.seal(messageOf(i));
        } else {
          done = a.open(messageOf(i));
        }
        good += ok[i] = done;
      }
      return Napi::Number::New(info.Env(), good);
    });
  }
  Napi::Value implementation(const Napi::CallbackInfo& info) {
    return guard(info.Env(),
                 [&]() -> Napi::Value { return Napi::String::New(info.Env(), name(aead().implementation())); });
  }
  void close(const Napi::CallbackInfo&) { aead_.reset(); }

  std::unique_ptr<Aead> aead_;
};
// (encryption, key, iv, text, whether to encrypt), in place.
Napi::Value cbcOf(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) throw ArgumentError("encryption: a string is wanted");
  const CbcCipher cipher(toEncryption(info[0].As<Napi::String>().Utf8Value()), typedArray<uint8_t>(info[1], "key"),
                         defaultImplementation());
  const auto iv = typedArray<uint8_t>(info[2], "iv"), text = typedArray<uint8_t>(info[3], "text");
  if (info[4].ToBoolean()) {
    cipher.encrypt(iv, text);
  } else {
    cipher.decrypt(iv, text);
  }
  return info.Env().Undefined();
}

Napi::Value strings(Napi::Env env, const std::vector<std::string>& list) {
  auto array = Napi::Array::New(env, list.size());
  for (uint32_t i = 0; i < list.size(); i++) array.Set(i, list[i]);
  return array;
}

Napi::Value implementationsOf(const Napi::CallbackInfo& info) {
  std::vector<std::string> names;
  for (const Implementation* i : implementations()) names.push_back(name(*i));
  return strings(info.Env(), names);
}
Napi::Value cpuFeaturesOf(const Napi::CallbackInfo& info) { return strings(info.Env(), cpuFeatures()); }
Napi::Value capabilitiesOf(const Napi::CallbackInfo& info) {
  auto list = Napi::Array::New(info.Env());
  for (const Capability& c : capabilities()) {
    auto o = Napi::Object::New(info.Env());
    o.Set("algorithm", c.algorithm);
    o.Set("implementation", c.implementation);
    list.Set(list.Length(), o);
  }
  return list;
}
Napi::Value defaultOf(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), name(defaultImplementation()));
}

}  // namespace

Napi::Object bind(Napi::Env env) {
  auto o = Napi::Object::New(env);
  o.Set("Suite", SuiteObject::define(env));
  o.Set("Aead", AeadObject::define(env));
  o.Set("capabilities", Napi::Function::New<node::guarded<capabilitiesOf>>(env));
  o.Set("cbc", Napi::Function::New<node::guarded<cbcOf>>(env));
  o.Set("implementations", Napi::Function::New<node::guarded<implementationsOf>>(env));
  o.Set("cpuFeatures", Napi::Function::New<node::guarded<cpuFeaturesOf>>(env));
  o.Set("defaultImplementation", Napi::Function::New<node::guarded<defaultOf>>(env));
  return o;
}

}  // namespace rp::crypto
