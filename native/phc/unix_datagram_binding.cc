#include <algorithm>
#include <memory>

#include "node/poll.h"
#include "node/typed_array.h"
#include "phc/arguments_binding.h"
#include "phc/socket_binding.h"
#include "phc/unix_datagram.h"

namespace rp::phc {
namespace {

using node::guard;

// new UnixDatagramSocket(path, mode, (data, from, uid) => void)
class UnixDatagramObject : public Napi::ObjectWrap<UnixDatagramObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "UnixDatagramSocket",
        {InstanceMethod<&UnixDatagramObject::send>("send"), InstanceMethod<&UnixDatagramObject::unref>("unref"),
         InstanceMethod<&UnixDatagramObject::close>("close")});
  }
  explicit UnixDatagramObject(const Info& info) : ObjectWrap(info) {
    guard(info.Env(), [&] {
      if (!info[2].IsFunction()) throw ArgumentError("listener: not a function");
      socket_ = std::make_unique<UnixDatagramSocket>(text(info[0], "path"), whole(info[1], "mode") & 0777);
      listener_ = Napi::Persistent(info[2].As<Napi::Function>());
      context_ = std::make_unique<Napi::AsyncContext>(info.Env(), "routeplane:UnixDatagramSocket");
      poll_ = std::make_unique<node::Poll>(info.Env(), socket_->fd(), [this] { ready(); });
    });
  }

 private:
  static constexpr int kRounds = 32;  // between two goes at the event loop

  void ready() {
    const Napi::Env env = listener_.Env();
    for (int round = 0; round < kRounds && socket_; ++round) {
      const auto d = socket_->receive();
      if (!d) return;
      const Napi::HandleScope scope(env);
      auto data = Napi::Uint8Array::New(env, d->data.size());
      std::copy(d->data.begin(), d->data.end(), data.Data());
      listener_.MakeCallback(
          env.Global(), {data, Napi::String::New(env, d->from), Napi::Number::New(env, static_cast<double>(d->uid))},
          *context_);
    }
  }
  // send(data, to): errno or 0
  Napi::Value send(const Info& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      if (!socket_) throw ClosedError("UnixDatagramSocket");
      const auto data = node::typedArray<uint8_t>(info[0], "data");
      return Napi::Number::New(info.Env(), socket_->send(data, text(info[1], "to")));
    });
  }
  Napi::Value unref(const Info& info) {
    if (poll_) poll_->unref();
    return info.Env().Undefined();
  }
  Napi::Value close(const Info& info) {
    poll_.reset();
    socket_.reset();
    return info.Env().Undefined();
  }

  std::unique_ptr<UnixDatagramSocket> socket_;
  Napi::FunctionReference listener_;
  std::unique_ptr<Napi::AsyncContext> context_;
  std::unique_ptr<node::Poll> poll_;
};

}  // namespace

Napi::Function defineUnixDatagramSocket(Napi::Env env) { return UnixDatagramObject::define(env); }

}  // namespace rp::phc
