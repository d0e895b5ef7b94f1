// libcurl's handles with an owner.
#pragma once

#include <curl/curl.h>

#include <memory>

namespace rtt::probers::http {

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

using EasyHandle = std::unique_ptr<CURL, CurlDeleter>;
using StringList = std::unique_ptr<curl_slist, CurlDeleter>;

}  // namespace rtt::probers::http
