// Scrapes in every format, read as strictly as each allows.
#pragma once

#include <string>
#include <vector>

#include "support/http_client.h"

namespace rtt::soak {

struct ScrapeFormat {
  std::string name;
  std::string headers;  // of the request, each with its line end
  /// What is wrong with the answer; empty: nothing.
  std::vector<std::string> (*problems)(const support::HttpResponse& response);
};

[[nodiscard]] const std::vector<ScrapeFormat>& scrape_formats();

}  // namespace rtt::soak
