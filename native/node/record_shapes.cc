#include "node/record_shapes.h"

#include <algorithm>
#include <string>

namespace rp::node {

RecordShapes::Shape& RecordShapes::shapeOf(std::span<const char* const> names) {
  for (Shape& shape : shapes_) {
    if (std::ranges::equal(shape.names, names)) return shape;
  }
  std::string parameters, properties;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string number = std::to_string(i);
    if (i > 0) {
      parameters += ",";
      properties += ",";
    }
    parameters.append("p").append(number);
    properties.append(names[i]).append(":p").append(number);
  }
  const std::string text = std::string("((").append(parameters).append(")=>({").append(properties).append("}))");
  napi_value function;
  if (napi_run_script(env_, Napi::String::New(env_, text), &function) != napi_ok) throw Napi::Error::New(env_);
  shapes_.push_back({{names.begin(), names.end()}, Napi::Persistent(Napi::Function(env_, function))});
  return shapes_.back();
}

napi_value RecordShapes::word(std::string_view text) {
  for (const auto& [data, value] : words_) {
    if (data == text.data()) return value;
  }
  const napi_value value = Napi::String::New(env_, text.data(), text.size());
  if (first_) words_.emplace_back(text.data(), value);
  return value;
}

Napi::Object RecordShapes::make(std::span<const char* const> names, std::span<const napi_value> values) {
  return shapeOf(names).make.Value().Call(values.size(), values.data()).As<Napi::Object>();
}

}  // namespace rp::node
