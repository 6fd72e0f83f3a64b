// The route table as templates: `:names` are what `World.at` knows.
// Owns which pages there are. Never who may see them.

/** Pages of a project that everyone in it sees. */
export const PROJECT = [
  "/p/biology",
  "/p/biology?period=30d",
  "/p/biology/messages",
  "/p/biology/messages?state=bounced&q=nothing",
  "/p/biology/messages/:message",
  "/p/biology/refusals",
  "/p/biology/captured",
  "/p/biology/service-accounts",
  "/p/biology/service-accounts/:account",
  "/p/biology/senders",
  "/p/biology/domains/:domain",
  "/p/biology/domains/:waiting",
  "/p/biology/networks",
  "/p/biology/api-tokens",
  "/p/biology/suppressions",
  "/p/biology/addresses",
  "/p/biology/addresses/:address",
  "/p/biology/tickets",
  "/p/biology/tickets?tab=all&kind=quota",
  "/p/biology/tickets/:ticket",
  "/p/biology/members",
  "/p/biology/activity",
  "/p/biology/settings",
  "/s/:refusal",
];

/** What people wrote: for those who manage the project, not for viewers. */
export const CONTENT = ["/p/biology/captured/:captured", "/p/biology/captured/:plain"];

/** What pages link to that is no page. */
export const DOWNLOADS = [
  "/p/biology/messages/:message/raw",
  "/p/biology/captured/:captured/html",
  "/p/biology/captured/:captured/attachments/0",
];

/** Lists as files: for everyone in the project. */
export const LISTS = ["messages", "refusals", "activity", "service-accounts", "senders", "networks", "suppressions", "addresses", "tickets", "members"].map(
  (list) => `/p/biology/${list}.csv`,
);

/** Pages of one person. */
export const PERSON = ["/", "/account"];

/** Pages of an operator. */
export const PLATFORM = [
  "/admin",
  "/admin/projects",
  "/admin/tickets",
  "/admin/tickets/:ticket",
  "/admin/ranges",
  "/admin/ranges/:range",
  "/admin/addresses/:address",
  "/admin/dns-backends",
  "/admin/sweep",
  "/admin/queue",
  "/admin/egress",
  "/admin/egress/:egress",
  "/admin/refusals",
  "/admin/captured",
  "/admin/captured/:notice",
  "/admin/listeners",
  "/admin/nodes",
  "/admin/users",
  "/admin/activity",
  "/admin/settings",
];

/** What an operator's pages link to that is no page. */
export const PLATFORM_FILES = [
  ...["projects", "users", "queue", "refusals", "activity", "addresses", "tickets"].map((list) => `/admin/${list}.csv`),
  "/admin/captured/:notice/html",
  "/admin/captured/:notice/attachments/0",
];

/** Pages for people who are not signed in. */
export const OUTSIDE = ["/login", "/setup", "/reset", "/verify/:verify", "/invite/:invite"];

/** Links from mail that are good no longer: they say what to do, and answer 404. */
export const DEAD = ["/verify/x", "/invite/x", "/reset/x"];
