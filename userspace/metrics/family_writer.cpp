#include "metrics/family_writer.h"

#include "metrics/protobuf_writer.h"
#include "metrics/text_writer.h"

namespace rtt::metrics {

std::unique_ptr<FamilyWriter> create_writer(Format format, std::string& out) {
  if (format == Format::kProtobuf) return std::make_unique<ProtobufWriter>(out);
  return std::make_unique<TextWriter>(out, format);
}

std::string_view unit_of(std::string_view name) {
  constexpr std::string_view kTotal = "_total";
  if (name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
  for (const std::string_view unit : {"seconds", "bytes"}) {
    if (name.ends_with(unit) && name.size() > unit.size() &&
        name[name.size() - unit.size() - 1] == '_') {
      return unit;
    }
  }
  return {};
}

}  // namespace rtt::metrics
