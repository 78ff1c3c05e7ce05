#include "rtnl/binding.h"

#include <memory>

#include "node/guard.h"
#include "node/monitor_object.h"
#include "node/record.h"
#include "rtnl/monitor.h"
#include "rtnl/route_netlink.h"

namespace rp::rtnl {
namespace {

using node::guard;
using node::RecordReader;
using node::RecordWriter;

Operation operationOf(const Napi::Value& value) {
  const std::string name = value.ToString();
  if (name == "add") return Operation::add;
  if (name == "replace") return Operation::replace;
  if (name == "change") return Operation::change;
  if (name == "delete") return Operation::remove;
  throw ArgumentError("operation: unknown: " + name);
}

template <class Record>
struct Kind {
  using type = Record;
};

// Calls `body(Kind<Record>)` for the kind that JavaScript named.
template <class Body>
auto withKind(const Napi::Value& value, Body&& body) {
  const std::string name = value.ToString();
  if (name == Link::kName) return body(Kind<Link>{});
  if (name == InterfaceAddress::kName) return body(Kind<InterfaceAddress>{});
  if (name == Route::kName) return body(Kind<Route>{});
  if (name == Rule::kName) return body(Kind<Rule>{});
  if (name == Neighbour::kName) return body(Kind<Neighbour>{});
  throw ArgumentError("kind: unknown: " + name);
}

class RouteNetlinkObject : public Napi::ObjectWrap<RouteNetlinkObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "RouteNetlink",
        {InstanceMethod<&RouteNetlinkObject::apply>("apply"), InstanceMethod<&RouteNetlinkObject::applyAll>("applyAll"),
         InstanceMethod<&RouteNetlinkObject::dump>("dump"), InstanceMethod<&RouteNetlinkObject::link>("link"),
         InstanceMethod<&RouteNetlinkObject::route>("route"), InstanceMethod<&RouteNetlinkObject::close>("close")});
  }
  explicit RouteNetlinkObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    guard(info.Env(), [&] { socket_ = std::make_unique<RouteNetlink>(); });
  }

 private:
  RouteNetlink& socket() {
    if (!socket_) throw ClosedError("RouteNetlink");
    return *socket_;
  }

  // apply(kind, operation, spec)
  Napi::Value apply(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&] {
      withKind(info[0], [&]<class Record>(Kind<Record>) {
        socket().apply(operationOf(info[1]), RecordReader::read<Record>(info[2], Record::kName));
      });
      return info.Env().Undefined();
    });
  }

  // applyAll(kind, operation, specs): (Error | undefined)[]
  Napi::Value applyAll(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      return withKind(info[0], [&]<class Record>(Kind<Record>) {
        const auto records = RecordReader::readAll<Record>(info[2], Record::kName);
        const auto refusals = socket().applyAll(operationOf(info[1]), records);
        auto array = Napi::Array::New(info.Env(), refusals.size());
        for (uint32_t i = 0; i < refusals.size(); ++i) {
          array[i] = refusals[i] ? node::errorValue(info.Env(), *refusals[i]) : info.Env().Undefined();
        }
        return array;
      });
    });
  }

  // dump(kind, filter): record[]
  Napi::Value dump(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const auto filter = RecordReader::read<DumpFilter>(info[1], "filter");
      return withKind(info[0], [&]<class Record>(Kind<Record>) {
        return RecordWriter::writeAll(info.Env(), socket().dump<Record>(filter));
      });
    });
  }

  // link(index | name): Link | undefined
  Napi::Value link(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      const bool byIndex = info[0].IsNumber();
      if (!byIndex && !info[0].IsString()) throw ArgumentError("link: neither an index nor a name");
      const auto found = socket().link(byIndex ? info[0].As<Napi::Number>().Uint32Value() : 0,
                                       byIndex ? "" : info[0].As<Napi::String>().Utf8Value());
      if (!found) return info.Env().Undefined();
      return RecordWriter::write(info.Env(), *found);
    });
  }

  // route(query): Route
  Napi::Value route(const Napi::CallbackInfo& info) {
    return guard(info.Env(), [&]() -> Napi::Value {
      return RecordWriter::write(info.Env(), socket().route(RecordReader::read<RouteQuery>(info[0], "query")));
    });
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    socket_.reset();
    return info.Env().Undefined();
  }

  std::unique_ptr<RouteNetlink> socket_;
};

// { kind, removed, record }
Napi::Object writeChange(Napi::Env env, const Change& change) {
  auto object = Napi::Object::New(env);
  std::visit(
      [&]<class Record>(const Record& record) {
        object.Set("kind", Record::kName);
        object.Set("removed", change.removed);
        object.Set("record", RecordWriter::write(env, record));
      },
      change.record);
  return object;
}

}  // namespace

Napi::Object bind(Napi::Env env) {
  auto exports = Napi::Object::New(env);
  exports.Set("RouteNetlink", RouteNetlinkObject::define(env));
  exports.Set("Monitor", (node::MonitorObject<Monitor, writeChange>::define(env)));
  return exports;
}

}  // namespace rp::rtnl
