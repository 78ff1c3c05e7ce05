#include "xdp/binding.h"

#include <cmath>
#include <memory>
#include <vector>

#include "node/guard.h"
#include "node/object_reader.h"
#include "node/poll.h"
#include "node/typed_array.h"
#include "xdp/program.h"
#include "xdp/socket.h"

namespace rp::xdp {
namespace {

using node::guard;
using node::ObjectReader;

constexpr napi_type_tag kUmemTag = {0x4a1f0c2e5d7b4801, 0xb1c2d3e4f5061728};
constexpr napi_type_tag kSocketTag = {0x4a1f0c2e5d7b4802, 0xb1c2d3e4f5061729};

template <class T>
T* unwrap(const Napi::Value& value, const napi_type_tag& tag, const char* what) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&tag)) throw ArgumentError(std::string(what));
  return T::Unwrap(value.As<Napi::Object>());
}

// new Umem({ frames, frameBytes, headroom, hugePages })
class UmemObject : public Napi::ObjectWrap<UmemObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Umem",
        {InstanceMethod<&UmemObject::memory>("memory"), InstanceMethod<&UmemObject::free>("free"),
         InstanceMethod<&UmemObject::hugePages>("hugePages"), InstanceMethod<&UmemObject::close>("close")});
  }
  explicit UmemObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    info.This().As<Napi::Object>().TypeTag(&kUmemTag);
    guard(info.Env(), [&] {
      const ObjectReader r(info[0], "");
      UmemOptions options;
      options.frames = uint32_t(r.wholeOr("frames", options.frames, 2, 1 << 20));
      options.frameBytes = uint32_t(r.wholeOr("frameBytes", options.frameBytes, 2048, 4096));
      options.headroom = uint32_t(r.wholeOr("headroom", options.headroom, 0, 4096));
      if (r.has("hugePages")) options.hugePages = r.boolean("hugePages");
      // JavaScript counts the bytes of an ArrayBuffer in 32 bits where offsets into it are kept.
      if (uint64_t{options.frames} * options.frameBytes > UINT32_MAX) throw ArgumentError("frames: more than 4 GiB");
      umem_ = std::make_shared<Umem>(options);
    });
  }
  const std::shared_ptr<Umem>& umem() const {
    if (!umem_) throw ClosedError("Umem");
    return umem_;
  }

 private:
  // memory(): ArrayBuffer. Detached by close(); the pages stay for as long as a socket has them.
  Napi::Value memory(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      umem();
      if (buffer_.IsEmpty()) {
        auto* keep = new std::shared_ptr<Umem>(umem_);
        const auto buffer = Napi::ArrayBuffer::New(
            info.Env(), umem_->data(), umem_->size(),
            [](Napi::Env, void*, std::shared_ptr<Umem>* held) { delete held; }, keep);
        buffer_ = Napi::Persistent(buffer);
      }
      return buffer_.Value();
    });
  }
  Napi::Value free(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value { return Napi::Number::New(info.Env(), double(umem()->free())); });
  }
  Napi::Value hugePages(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value { return Napi::Boolean::New(info.Env(), umem()->hugePages()); });
  }
  Napi::Value close(const Napi::CallbackInfo& info) {
    if (!buffer_.IsEmpty()) {
      napi_detach_arraybuffer(info.Env(), buffer_.Value());
      buffer_.Reset();
    }
    umem_.reset();
    return info.Env().Undefined();
  }

  std::shared_ptr<Umem> umem_;
  Napi::Reference<Napi::ArrayBuffer> buffer_;
};

// The arrays of a batch: addresses, lengths, and how many of them.
struct Batch {
  std::span<uint32_t> addresses, lengths;
  size_t count;
};

Batch batchOf(const Napi::CallbackInfo& info, size_t first) {
  Batch b;
  b.addresses = node::typedArray<uint32_t>(info[first], "addresses");
  b.lengths = node::typedArray<uint32_t>(info[first + 1], "lengths", b.addresses.size());
  const double count = info[first + 2].IsNumber() ? info[first + 2].As<Napi::Number>().DoubleValue() : -1;
  if (!(count >= 0 && count <= double(b.addresses.size())) || count != std::floor(count))
    throw ArgumentError("count: not a whole number up to the capacity");
  b.count = size_t(count);
  return b;
}

// new Socket(umem, { interface, queue, ringEntries, binding, busyPollMicroseconds, busyPollBudget }, sibling |
// undefined)
class SocketObject : public Napi::ObjectWrap<SocketObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Socket",
        {InstanceMethod<&SocketObject::receive>("receive"), InstanceMethod<&SocketObject::release>("release"),
         InstanceMethod<&SocketObject::allocate>("allocate"), InstanceMethod<&SocketObject::send>("send"),
         InstanceMethod<&SocketObject::inFlight>("inFlight"), InstanceMethod<&SocketObject::wait>("wait"),
         InstanceMethod<&SocketObject::statistics>("statistics"), InstanceMethod<&SocketObject::zeroCopy>("zeroCopy"),
         InstanceMethod<&SocketObject::ref>("ref"), InstanceMethod<&SocketObject::unref>("unref"),
         InstanceMethod<&SocketObject::close>("close")});
  }
  explicit SocketObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    info.This().As<Napi::Object>().TypeTag(&kSocketTag);
    guard(info.Env(), [&] {
      const auto& umem = unwrap<UmemObject>(info[0], kUmemTag, "umem: not a Umem")->umem();
      const ObjectReader r(info[1], "");
      SocketOptions options;
      options.interface = r.string("interface");
      options.queue = uint32_t(r.wholeOr("queue", 0, 0, 65535));
      options.ringEntries = uint32_t(r.wholeOr("ringEntries", options.ringEntries, 1, 32768));
      options.busyPollMicroseconds = uint32_t(r.wholeOr("busyPollMicroseconds", 0, 0, 1000000));
      options.busyPollBudget = uint32_t(r.wholeOr("busyPollBudget", options.busyPollBudget, 1, 65535));
      if (r.has("binding")) {
        const std::string binding = r.string("binding");
        if (binding != "any" && binding != "copy" && binding != "zero-copy")
          throw ArgumentError("binding: unknown: " + binding);
        options.binding = binding == "any" ? Binding::kAny : binding == "copy" ? Binding::kCopy : Binding::kZeroCopy;
      }
      const Socket* sibling = info[2].IsUndefined()
                                  ? nullptr
                                  : &unwrap<SocketObject>(info[2], kSocketTag, "sibling: not a Socket")->socket();
      socket_ = std::make_unique<Socket>(umem, options, sibling);
      frames_.reserve(options.ringEntries);
    });
  }
  Socket& socket() const {
    if (!socket_) throw ClosedError("XdpSocket");
    return *socket_;
  }

 private:
  // receive(addresses, lengths, capacity): count
  Napi::Value receive(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const Batch b = batchOf(info, 0);
      frames_.resize(b.count);
      const size_t n = socket().receive(frames_);
      for (size_t i = 0; i < n; ++i) {
        b.addresses[i] = uint32_t(frames_[i].address);
        b.lengths[i] = frames_[i].bytes;
      }
      return Napi::Number::New(info.Env(), double(n));
    });
  }
  // release(addresses, lengths, count)
  Napi::Value release(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      take(batchOf(info, 0));
      socket().release(frames_);
      return info.Env().Undefined();
    });
  }
  // allocate(addresses, lengths, wanted): count; lengths become the bytes that a frame has room for.
  Napi::Value allocate(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const Batch b = batchOf(info, 0);
      socket().reclaim();
      size_t n = 0;
      for (; n < b.count; ++n) {
        const uint64_t address = socket().allocate();
        if (address == Umem::kNone) break;
        b.addresses[n] = uint32_t(address);
        b.lengths[n] = socket().umem().frameBytes();
      }
      return Napi::Number::New(info.Env(), double(n));
    });
  }
  // send(addresses, lengths, count): how many the kernel took
  Napi::Value send(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      take(batchOf(info, 0));
      return Napi::Number::New(info.Env(), double(socket().send(frames_)));
    });
  }
  // Every frame has to be the user's, and once only; the packet inside it. Nothing is done before all are looked at.
  void take(const Batch& b) {
    const Umem& umem = socket().umem();
    const std::shared_ptr<Umem>& shared = socket().sharedUmem();
    frames_.clear();
    const char* wrong = nullptr;
    for (size_t i = 0; i < b.count && wrong == nullptr; ++i) {
      const uint64_t address = b.addresses[i], room = umem.frameBytes() - (address & (umem.frameBytes() - 1));
      if (address >= umem.size() || umem.owner(address) != Umem::kUser) {
        wrong = "]: not a frame of the caller's";
      } else if (b.lengths[i] == 0 || b.lengths[i] > room) {
        wrong = "]: does not fit its frame";
      } else {
        frames_.push_back({address, b.lengths[i]});
        shared->lend(address, Umem::kFree);  // for the time of this check: a second mention is found
      }
    }
    for (const Frame& frame : frames_) shared->lend(frame.address, Umem::kUser);
    if (wrong != nullptr) throw ArgumentError("addresses[" + std::to_string(frames_.size()) + wrong);
  }
  Napi::Value inFlight(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      socket().reclaim();
      return Napi::Number::New(info.Env(), socket().inFlight());
    });
  }
  // wait(() => void): called once, when there is something to receive
  Napi::Value wait(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      if (!info[0].IsFunction()) throw ArgumentError("ready: not a function");
      ready_ = Napi::Persistent(info[0].As<Napi::Function>());
      if (!context_) context_ = std::make_unique<Napi::AsyncContext>(info.Env(), "routeplane:XdpSocket");
      if (poll_)
        poll_->start();
      else
        poll_ = std::make_unique<node::Poll>(info.Env(), socket().fd(), [this] { happened(); });
      if (!referenced_) poll_->unref();
      return info.Env().Undefined();
    });
  }
  void happened() {
    poll_->stop();
    if (ready_.IsEmpty()) return;
    const Napi::Function ready = ready_.Value();
    ready_.Reset();
    ready.MakeCallback(Value(), {}, *context_);
  }
  Napi::Value statistics(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const SocketStatistics s = socket().statistics();
      auto o = Napi::Object::New(info.Env());
      o.Set("rxDropped", double(s.rxDropped));
      o.Set("rxInvalid", double(s.rxInvalid));
      o.Set("txInvalid", double(s.txInvalid));
      o.Set("rxRingFull", double(s.rxRingFull));
      o.Set("fillRingEmpty", double(s.fillRingEmpty));
      o.Set("txRingEmpty", double(s.txRingEmpty));
      return o;
    });
  }
  Napi::Value zeroCopy(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value { return Napi::Boolean::New(info.Env(), socket().zeroCopy()); });
  }
  void ref(const Napi::CallbackInfo&) {
    referenced_ = true;
    if (poll_) poll_->ref();
  }
  void unref(const Napi::CallbackInfo&) {
    referenced_ = false;
    if (poll_) poll_->unref();
  }
  Napi::Value close(const Napi::CallbackInfo& info) {
    poll_.reset();
    ready_.Reset();
    socket_.reset();
    return info.Env().Undefined();
  }

  std::unique_ptr<Socket> socket_;
  std::vector<Frame> frames_;
  std::unique_ptr<node::Poll> poll_;
  std::unique_ptr<Napi::AsyncContext> context_;
  Napi::FunctionReference ready_;
  bool referenced_ = true;
};

template <class T>
std::vector<T> numbers(const ObjectReader& r, const char* name, double maximum) {
  std::vector<T> list;
  if (!r.has(name)) return list;
  const Napi::Value v = r.get(name);
  if (!v.IsArray()) throw ArgumentError(r.at(name) + ": not an array");
  const auto array = v.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value e = array.Get(i);
    const double d = e.IsNumber() ? e.As<Napi::Number>().DoubleValue() : -1;
    if (!(d >= 0 && d <= maximum) || d != std::floor(d))
      throw ArgumentError(r.at(name) + "[" + std::to_string(i) + "]: not a whole number of 0.." +
                          std::to_string(int(maximum)));
    list.push_back(T(d));
  }
  return list;
}

// new Program(interface, { all, etherTypes, protocols, udpPorts, espInUdpPorts, onlyAddresses }, hook)
class ProgramObject : public Napi::ObjectWrap<ProgramObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Program",
        {InstanceMethod<&ProgramObject::native>("native"), InstanceMethod<&ProgramObject::fallback>("fallback"),
         InstanceMethod<&ProgramObject::add>("add"), InstanceMethod<&ProgramObject::remove>("remove"),
         InstanceMethod<&ProgramObject::addAddress>("addAddress"),
         InstanceMethod<&ProgramObject::removeAddress>("removeAddress"),
         InstanceMethod<&ProgramObject::close>("close")});
  }
  explicit ProgramObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    guard(info.Env(), [&] {
      if (!info[0].IsString()) throw ArgumentError("interface: not a string");
      const ObjectReader r(info[1], "steer");
      Steering s;
      if (r.has("all")) s.all = r.boolean("all");
      s.etherTypes = numbers<uint16_t>(r, "etherTypes", 65535);
      s.protocols = numbers<uint8_t>(r, "protocols", 255);
      s.udpPorts = numbers<uint16_t>(r, "udpPorts", 65535);
      s.espInUdpPorts = numbers<uint16_t>(r, "espInUdpPorts", 65535);
      if (r.has("onlyAddresses")) s.onlyAddresses = r.boolean("onlyAddresses");
      const std::string hook = info[2].ToString();
      if (hook != "any" && hook != "native" && hook != "generic") throw ArgumentError("hook: unknown: " + hook);
      program_ = std::make_unique<Program>(info[0].As<Napi::String>(), s,
                                           hook == "any"      ? Hook::kAny
                                           : hook == "native" ? Hook::kNative
                                                              : Hook::kGeneric);
    });
  }

 private:
  Program& program() const {
    if (!program_) throw ClosedError("XdpProgram");
    return *program_;
  }
  Napi::Value native(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value { return Napi::Boolean::New(info.Env(), program().native()); });
  }
  Napi::Value fallback(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value { return Napi::String::New(info.Env(), program().fallback()); });
  }
  Napi::Value add(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      program().add(unwrap<SocketObject>(info[0], kSocketTag, "socket: not a Socket")->socket());
      return info.Env().Undefined();
    });
  }
  Napi::Value remove(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      program().remove(unwrap<SocketObject>(info[0], kSocketTag, "socket: not a Socket")->socket());
      return info.Env().Undefined();
    });
  }
  Napi::Value addAddress(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      program().addAddress(Address::parse(info[0].ToString().Utf8Value(), "address"));
      return info.Env().Undefined();
    });
  }
  Napi::Value removeAddress(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      program().removeAddress(Address::parse(info[0].ToString().Utf8Value(), "address"));
      return info.Env().Undefined();
    });
  }
  Napi::Value close(const Napi::CallbackInfo& info) {
    program_.reset();
    return info.Env().Undefined();
  }

  std::unique_ptr<Program> program_;
};

Napi::Value queuesOf(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) throw ArgumentError("interface: not a string");
  return Napi::Number::New(info.Env(), queues(info[0].As<Napi::String>()));
}

}  // namespace

Napi::Object bind(Napi::Env env) {
  auto exports = Napi::Object::New(env);
  exports.Set("Umem", UmemObject::define(env));
  exports.Set("Socket", SocketObject::define(env));
  exports.Set("Program", ProgramObject::define(env));
  exports.Set("queues", Napi::Function::New(env, node::guarded<queuesOf>));
  return exports;
}

}  // namespace rp::xdp
