// @made@
// @again@

/** @proxy@ */
declare function $proxy<K extends keyof BpmaxPlatforms>(
  platform: K, options?: { instance_key?: BpmaxInstances[K]; caller?: string }
): BpmaxPlatforms[K];
declare function $proxy(platform: string, options?: { instance_key?: string; caller?: string }): any;

interface BpmaxChain<Path, Query, Header, Body, Result> {
  $path(values: Path): this;
  $query(values: Query): this;
  $header(values: Header): this;
  $body(data: Body): this;
  $call(): Promise<Result>;
}

/** @error@ */
interface BpmaxCallError extends Error {
  code: @codes@;
  platform_key: string;
  instance_key: string;
  api: string;
  status?: number;
  response?: { status: number; headers: Record<string, string>; body: any };
}

declare const form: BpmaxForm;
declare const ctx: BpmaxContext;
declare const console: Record<'log' | 'info' | 'warn' | 'error' | 'debug' | 'table' | 'dir', (...values: any[]) => void>;
declare function setTimeout(handler: (...values: any[]) => void, ms?: number, ...values: any[]): number;
declare function setInterval(handler: (...values: any[]) => void, ms?: number, ...values: any[]): number;
declare function clearTimeout(id?: number): void;
declare function clearInterval(id?: number): void;
declare function queueMicrotask(task: () => void): void;
declare function structuredClone<T>(value: T): T;
declare function btoa(text: string): string;
declare function atob(text: string): string;

interface BpmaxPerson { id: string; name?: string; phone?: string; email?: string; title?: string }

/** @ctx@ */
interface BpmaxContext {
  action: '' | 'create' | 'approve' | 'reject';
  step_id: string;
  target_step?: string;
  description?: string;
  postData?: Partial<BpmaxForm>;
  step: { id: string; name: string; flow_step_id: string; owner: BpmaxPerson[]; plan_start_time?: string; plan_end_time?: string; delay_level?: number };
  userInfo: BpmaxPerson;
  form: BpmaxForm;
  project: { id: string; name: string; status: string; [member: string]: any };
}
