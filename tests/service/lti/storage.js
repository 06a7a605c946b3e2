// What a platform keeps for a tool while a launch is under way, by the client side postMessages of LTI.
// In the frame that is named for it, or in the course's own page; data-frame names where, or nowhere.
const { origins, frame, here } = document.currentScript.dataset;
const allowed = JSON.parse(origins);
const kept = new Map();

const broken = (what) => fetch("/violations", { method: "POST", body: what, keepalive: true });

function answered({ data, origin }) {
  const { subject, key, value } = data;
  if (subject === "lti.capabilities") {
    const storing = frame ? ["lti.put_data", "lti.get_data"].map((name) => ({ subject: name, frame })) : [];
    return { supported_messages: [{ subject: "lti.capabilities" }, { subject: "lti.frameResize" }, ...storing] };
  }
  if (here !== "yes") return { error: { code: "unsupported_subject", message: "ask the frame for it" } };
  if (typeof key !== "string" || !key) return { error: { code: "bad_request", message: "key is missing" } };
  const name = JSON.stringify([origin, key]);
  if (subject === "lti.get_data") return kept.has(name) ? { key, value: kept.get(name) } : { key };
  if (value === null || value === undefined) {
    kept.delete(name);
    return { key };
  }
  if (typeof value !== "string") return { error: { code: "bad_request", message: "value is no string" } };
  if (value.length > 4096) return { error: { code: "storage_exhaustion", message: "value is too long" } };
  kept.set(name, value);
  return { key, value };
}

addEventListener("message", (event) => {
  const { data, origin, source } = event;
  if (!data || typeof data !== "object" || typeof data.subject !== "string") return;
  if (data.subject === "org.imsglobal.lti.close") {
    document.body.dataset.closed = "yes";
    return;
  }
  if (data.subject === "lti.frameResize") {
    if (!(Number(data.height) > 0)) broken(`frameResize: ${data.height}`);
    return;
  }
  if (!["lti.capabilities", "lti.put_data", "lti.get_data"].includes(data.subject)) return;
  if (typeof data.message_id !== "string" || !data.message_id) broken(`${data.subject}: no message_id`);
  const answer = allowed.includes(origin) ? answered(event) : { error: { code: "wrong_origin", message: origin } };
  if (answer.error) broken(`${data.subject}: ${answer.error.code}: ${answer.error.message}`);
  source.postMessage({ subject: `${data.subject}.response`, message_id: data.message_id, ...answer }, origin);
});
